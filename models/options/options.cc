#include "models/options/options.h"

#include "models/layers/activation_layer.h"

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
  list.add({"activation", &activation, "of the MLP's hidden layers", activation_layer_names()});
  list.add({"batch_norm", &batch_norm, "batch norm before the activations of the MLP"});
  list.add({"dropout", &dropout, "share of hidden units dropped in training", {}, 0, 0.99});
  list.add({"numeric",
            &numeric,
            "numeric fields: value times a vector, the value itself, or a vector per bucket of "
            "values",
            {"embed", "raw", "buckets"}});
  embedding.add_to(list);
  list.add({"linear", &linear, "layers of the MLP", {"plain", "apg", "mlora"}});
  apg.add_to(list);
  mlora.add_to(list);
  fm.add_to(list);
  dual_mlp.add_to(list);
  nfm.add_to(list);
  pnn.add_to(list);
  fwfm.add_to(list);
  fmfm.add_to(list);
  ffm.add_to(list);
  fibinet.add_to(list);
  cin.add_to(list);
  autoint.add_to(list);
  afn.add_to(list);
  im.add_to(list);
  cross.add_to(list);
  edcn.add_to(list);
  finalmlp.add_to(list);
  masknet.add_to(list);
  din.add_to(list);
  bst.add_to(list);
  star.add_to(list);
  task.add_to(list);
  pooling.add_to(list);
  next_item.add_to(list);
  nextitnet.add_to(list);
  peter.add_to(list);
  gru.add_to(list);
  sasrec.add_to(list);
  encoder.add_to(list);
  return list;
}

}  // namespace ctr
