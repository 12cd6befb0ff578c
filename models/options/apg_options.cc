#include "models/options/apg_options.h"

namespace ctr {

void ApgOptions::add_to(OptionList& list) {
  list.add({"generate",
            &generate,
            "APG: weights generated per row: W, or U S V, or S alone",
            {"full", "usv", "s"}});
  list.add({"decompose", &decompose, "APG: ((h U) S) V instead of h (U S V)"});
  list.add({"rank_k", &rank_k, "APG: K, one for all layers or one each", {}, 1, 65536});
  list.add({"overparam_p",
            &overparam_p,
            "APG: P of U = U_l U_r and V = V_l V_r; 0: none",
            {},
            0,
            65536});
  list.add({"condition_mode",
            &condition_mode,
            "APG: what the weights depend on",
            {"self-wise", "group-wise", "mix-wise"}});
  list.add({"condition_fields", &condition_fields,
            "APG: fields of the condition; empty: user and domain"});
  list.add({"condition_embedding",
            &condition_embedding,
            "APG: the condition reads the model's tables, or tables of its own",
            {"shared", "own"}});
  list.add({"distinct_conditions", &distinct_conditions,
            "APG: generate once per distinct condition of a batch, not once per row"});
  list.add({"aggregation",
            &aggregation,
            "APG: of several conditions",
            {"mean", "sum", "concat", "attention"}});
  list.add({"aggregation_side",
            &aggregation_side,
            "APG: aggregate the conditions or the layers they generate",
            {"input", "output"}});
  list.add({"attention_units",
            &attention_units,
            "APG: width of attention over conditions",
            {},
            1,
            65536});
  list.add({"hypernet_hidden_units",
            &hypernet_hidden_units,
            "APG: hidden layers of the generator",
            {},
            1,
            65536});
  list.add({"generate_bias", &generate_bias, "APG: generate the bias too"});
  list.add({"max_generated_mb",
            &max_generated_mb,
            "APG: most weights to generate for a layer and batch, in MB",
            {},
            1,
            1 << 24});
}

}  // namespace ctr
