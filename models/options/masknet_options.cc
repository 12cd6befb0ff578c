#include "models/options/masknet_options.h"

namespace ctr {

void MaskNetOptions::add_to(OptionList& list) {
  list.add({"masknet_structure",
            &structure,
            "MaskNet: a block for each of --hidden-units, or blocks side by side below the MLP",
            {"serial", "parallel"}});
  list.add({"masknet_blocks", &blocks, "MaskNet: number of parallel blocks", {}, 1, 4096});
  list.add({"masknet_block_width", &block_width, "MaskNet: of parallel blocks", {}, 1, 1 << 20});
  list.add({"masknet_reduction_ratio",
            &reduction_ratio,
            "MaskNet: width of a mask's hidden layer over that of the mask",
            {},
            1e-6,
            1024});
  list.add(
      {"masknet_embedding_norm", &embedding_norm, "MaskNet: layer norm of each field's vector"});
  list.add({"masknet_block_norm", &block_norm, "MaskNet: layer norm in each block"});
}

}  // namespace ctr
