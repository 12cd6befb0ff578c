#pragma once

#include <string>

#include "engine/options.h"

namespace ctr {

// Where FFM's vectors lie: see docs/models/ffm.md.
struct FfmOptions {
  std::string ffm_tables = "joined";  // joined: F − 1 vectors in each row; separate: F − 1 tables

  void add_to(OptionList& list);
};

}  // namespace ctr
