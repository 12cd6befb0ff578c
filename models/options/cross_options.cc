#include "models/options/cross_options.h"

namespace ctr {

void CrossOptions::add_to(OptionList& list) {
  list.add({"cross_layers", &layers, "DCN, DCN-V2, GDCN, EDCN: cross layers", {}, 1, 1024});
  list.add({"dcn_wide", &wide, "DCN: a linear term beside (DeepCTR)"});
  list.add({"dcnv2_structure",
            &structure,
            "DCN-V2: where MLPs stand: nowhere, on the cross network, beside it, or both",
            {"crossnet_only", "stacked", "parallel", "stacked_parallel"}});
  list.add({"dcnv2_kernel",
            &kernel,
            "DCN-V2: W whole, W = U V^T, or a mixture of experts of low rank",
            {"full", "low_rank", "mixture"}});
  list.add({"dcnv2_rank", &rank, "DCN-V2: columns of U and V", {}, 1, 65536});
  list.add({"dcnv2_experts", &experts, "DCN-V2: experts of a mixture", {}, 1, 1024});
  list.add({"dcnv2_gates",
            &gates,
            "DCN-V2: gates of a mixture: one set for all layers, or one each as in the paper",
            {"shared", "per_layer"}});
  list.add({"dcnv2_stacked_units",
            &stacked_units,
            "DCN-V2: widths of the MLP on the cross network; empty: those of hidden_units",
            {},
            1,
            1 << 20});
  list.add({"gdcn_structure",
            &gdcn_structure,
            "GDCN: the MLP stands on the cross network, or beside it",
            {"stacked", "parallel"}});
}

}  // namespace ctr
