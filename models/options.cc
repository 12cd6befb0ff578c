#include "models/options.h"

#include "engine/activation.h"

namespace ctr {

OptionList ModelOptions::list() {
  OptionList list;
  list.add({"embedding_dim",
            &embedding_dim,
            "width of trained embeddings; 0: that of given vectors, or 16",
            {},
            0,
            65536});
  list.add({"embedding_deviation",
            &embedding_deviation,
            "initial embeddings are N(0, deviation^2)",
            {},
            0,
            10});
  list.add({"hidden_units", &hidden_units, "widths of the MLP's layers", {}, 1, 1 << 20});
  list.add({"activation",
            &activation,
            "of the MLP's hidden layers",
            {kActivationNames.begin(), kActivationNames.end()}});
  list.add({"dropout", &dropout, "share of hidden units dropped in training", {}, 0, 0.99});
  list.add({"numeric",
            &numeric,
            "numeric fields: value times a vector, or the value itself",
            {"embed", "raw"}});
  list.add({"linear", &linear, "layers of the MLP", {"plain", "apg"}});
  list.add({"generate",
            &apg.generate,
            "APG: weights generated per row: W, or U S V, or S alone",
            {"full", "usv", "s"}});
  list.add({"decompose", &apg.decompose, "APG: ((h U) S) V instead of h (U S V)"});
  list.add({"rank_k", &apg.rank_k, "APG: K, one for all layers or one each", {}, 1, 65536});
  list.add({"overparam_p",
            &apg.overparam_p,
            "APG: P of U = U_l U_r and V = V_l V_r; 0: none",
            {},
            0,
            65536});
  list.add({"condition_mode",
            &apg.condition_mode,
            "APG: what the weights depend on",
            {"self-wise", "group-wise", "mix-wise"}});
  list.add({"condition_fields", &apg.condition_fields,
            "APG: fields of the condition; empty: user and domain"});
  list.add({"condition_embedding",
            &apg.condition_embedding,
            "APG: the condition reads the model's tables, or tables of its own",
            {"shared", "own"}});
  list.add({"distinct_conditions", &apg.distinct_conditions,
            "APG: generate once per distinct condition of a batch, not once per row"});
  list.add({"aggregation",
            &apg.aggregation,
            "APG: of several conditions",
            {"mean", "sum", "concat", "attention"}});
  list.add({"aggregation_side",
            &apg.aggregation_side,
            "APG: aggregate the conditions or the layers they generate",
            {"input", "output"}});
  list.add({"attention_units",
            &apg.attention_units,
            "APG: width of attention over conditions",
            {},
            1,
            65536});
  list.add({"hypernet_hidden_units",
            &apg.hypernet_hidden_units,
            "APG: hidden layers of the generator",
            {},
            1,
            65536});
  list.add({"generate_bias", &apg.generate_bias, "APG: generate the bias too"});
  list.add({"max_generated_mb",
            &apg.max_generated_mb,
            "APG: most weights to generate for a layer and batch, in MB",
            {},
            1,
            1 << 24});
  return list;
}

}  // namespace ctr
