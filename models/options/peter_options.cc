#include "models/options/peter_options.h"

namespace ctr {

void PeterOptions::add_to(OptionList& list) {
  list.add({"peter_insertion",
            &insertion,
            "PeterRec: patches behind both convolutions or the second, beside both, or beside the "
            "block; none: the network as it was",
            {"serial2", "serial1", "parallel2", "beside_block", "none"}});
  list.add({"peter_inner_skip", &inner_skip,
            "PeterRec: a patch adds to its input; parallel patches are better without"});
  list.add({"peter_cardinality", &cardinality, "PeterRec: branches of a patch", {}, 1, 4096});
  list.add({"peter_bottleneck",
            &bottleneck,
            "PeterRec: width of a branch; 0: an eighth of the network's, shared by the branches",
            {},
            0,
            65536});
  list.add({"peter_zero_up", &zero_up,
            "PeterRec: patches begin with nothing to add; else near it, at random"});
  list.add({"peter_cls",
            &cls,
            "PeterRec: the token at the end, a vector of its own or the items' row 0, frozen",
            {"trainable", "frozen_row_0"}});
  list.add({"peter_l2", &l2, "PeterRec: L2 penalty on the whole target table", {}, 0, 1e6});
  list.add({"peter_loss",
            &loss,
            "PeterRec: each score by itself, a pair's difference, or the chosen one among all",
            {"bce", "bpr", "softmax"}});
  list.add({"peter_negatives",
            &negatives,
            "PeterRec: targets that were not chosen: as rows have them, or drawn for each clicked "
            "row; lambda: popular ones more often",
            {"rows", "uniform", "lambda"}});
  list.add({"peter_lambda_rho",
            &lambda_rho,
            "PeterRec: the lower, the more popular are targets drawn by lambda",
            {},
            1e-4,
            1e4});
  list.add({"peter_negative_field", &negative_field,
            "PeterRec: a field with a target that was not chosen; empty: the label tells"});
  list.add({"peter_train",
            &train,
            "PeterRec: patches and last norms; the targets and the token alone; with the last "
            "convolution, or two; or everything",
            {"patches", "head", "last1", "last2", "all"}});
  list.add({"peter_source_weight",
            &source_weight,
            "PeterRec: also learn the next click of the sequence, with this weight",
            {},
            0,
            1e6});
}

}  // namespace ctr
