#include "models/options/im_options.h"

#include "ops/fields/field_mixing.h"

namespace ctr {

void ImOptions::add_to(OptionList& list) {
  list.add({"im_order",
            &order,
            "DeepIM: the most fields that are multiplied",
            {},
            1,
            static_cast<double>(kMostSymmetricOrder)});
  list.add({"im_batch_norm", &batch_norm, "DeepIM: batch norm on the sums of products"});
  list.add({"im_dnn", &dnn, "DeepIM: an MLP beside the interaction machine"});
}

}  // namespace ctr
