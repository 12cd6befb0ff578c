#include "models/options/fwfm_options.h"

namespace ctr {

void FwfmOptions::add_to(OptionList& list) {
  list.add({"fwfm_linear",
            &fwfm_linear,
            "FwFM: linear weights: a number per id, a vector per id, a vector per field",
            {"lw", "felv", "filv"}});
}

}  // namespace ctr
