#include "models/options/fmfm_options.h"

namespace ctr {

void FmfmOptions::add_to(OptionList& list) {
  list.add({"fmfm_weights",
            &fmfm_weights,
            "FmFM: what stands between the vectors of a pair",
            {"matrix", "vector"}});
}

}  // namespace ctr
