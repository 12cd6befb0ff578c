#include "models/options/cin_options.h"

#include "engine/activation.h"

namespace ctr {

void CinOptions::add_to(OptionList& list) {
  list.add({"cin_units", &units, "xDeepFM: feature maps of each CIN layer", {}, 1, 65536});
  list.add({"cin_activation",
            &activation,
            "xDeepFM: after each CIN layer",
            {kActivationNames.begin(), kActivationNames.end()}});
  list.add({"cin_split_half", &split_half,
            "xDeepFM: half of the maps of a CIN layer feed the next, the other half the output"});
  list.add({"cin_bias", &bias, "xDeepFM: CIN layers have a bias"});
}

}  // namespace ctr
