#include "models/options/fibinet_options.h"

namespace ctr {

void FibinetOptions::add_to(OptionList& list) {
  list.add({"bilinear_type",
            &bilinear_type,
            "FiBiNET: one matrix for all pairs, for each left field, for each pair",
            {"all", "each", "interaction"}});
  list.add({"share_bilinear", &share_bilinear,
            "FiBiNET: the same matrices for plain and for re-weighted vectors"});
  list.add({"senet_reduction",
            &senet_reduction,
            "FiBiNET: fields per unit of the squeeze-and-excitation network",
            {},
            1e-3,
            1e6});
  list.add({"senet_activation",
            &senet_activation,
            "FiBiNET: what makes the factors of the fields",
            {"relu", "sigmoid"}});
  list.add(
      {"senet_first", &senet_first, "FiBiNET: the re-weighted pairs stand before the plain ones"});
}

}  // namespace ctr
