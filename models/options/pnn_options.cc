#include "models/options/pnn_options.h"

namespace ctr {

void PnnOptions::add_to(OptionList& list) {
  list.add({"pnn_product",
            &pnn_product,
            "PNN: products of pairs that the MLP reads",
            {"inner", "outer", "both"}});
  list.add({"pnn_kernel",
            &pnn_kernel,
            "PNN: weights of the outer products: per pair a matrix, a vector or a number; "
            "superposed: (sum v)^T (sum v)",
            {"mat", "vec", "num", "superposed"}});
}

}  // namespace ctr
