#include "models/options/mask_options.h"

namespace ctr {

void MaskOptions::add_to(OptionList& list) {
  list.add({"mask_structure",
            &structure,
            "MaskNet: blocks in a row, of hidden_units; or side by side, below the MLP",
            {"serial", "parallel"}});
  list.add({"mask_ratio",
            &ratio,
            "MaskNet: a mask's hidden layer is this many times as wide as the block's input",
            {},
            1e-6,
            1e3});
  list.add({"mask_blocks", &blocks, "MaskNet: parallel blocks", {}, 1, 4096});
  list.add(
      {"mask_block_units", &block_units, "MaskNet: width of a parallel block", {}, 1, 1 << 20});
  list.add({"mask_field_norm", &field_norm, "MaskNet: layer norm of each field's vector"});
  list.add({"mask_block_norm", &block_norm, "MaskNet: layer norm in the blocks"});
}

}  // namespace ctr
