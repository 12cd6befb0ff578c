#include "models/options/ffm_options.h"

namespace ctr {

void FfmOptions::add_to(OptionList& list) {
  list.add({"ffm_tables",
            &ffm_tables,
            "FFM: the vectors of an id side by side in one table, or a table for each",
            {"joined", "separate"}});
}

}  // namespace ctr
