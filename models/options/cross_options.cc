#include "models/options/cross_options.h"

namespace ctr {

void CrossOptions::add_to(OptionList& list) {
  list.add(
      {"cross_layers", &layers, "DCN, DCN-V2, GDCN: layers of the cross network", {}, 1, 1000});
  list.add({"cross_structure",
            &structure,
            "DCN-V2, GDCN: the MLP on the cross network, beside it, both, or none",
            {"crossnet_only", "stacked", "parallel", "stacked_parallel"}});
  list.add({"stacked_units",
            &stacked_units,
            "DCN-V2: widths of the MLP on the cross network; empty: hidden_units",
            {},
            1,
            1 << 20});
  list.add({"cross_kernel",
            &kernel,
            "DCN-V2: W, or U V^T, or a gated mixture of low-rank experts",
            {"full", "low_rank", "mixture"}});
  list.add({"cross_rank", &rank, "DCN-V2: rank of low_rank and of each expert", {}, 1, 65536});
  list.add({"cross_experts", &experts, "DCN-V2: experts of the mixture", {}, 1, 4096});
  list.add({"cross_gates",
            &gates,
            "DCN-V2: gates of the mixture, shared by its layers or each layer's own",
            {"shared", "own"}});
}

}  // namespace ctr
