#include "tools/golden/step_cases.h"

#include "engine/check.h"

namespace ctr {
namespace {

constexpr int64_t kRows = 8;

// Five categories and a number.
void six_fields(StepCase& of) {
  constexpr int64_t kVocabulary[] = {7, 5, 6, 4, 8};
  of.schema.name = "golden";
  for (int64_t j = 0; j < 5; ++j) {
    of.schema.fields.push_back({"f" + std::to_string(j), FieldType::categorical, kVocabulary[j]});
    of.schema.fields.back().padding = true;
    Tensor ids({kRows}, DType::i64);
    for (int64_t b = 0; b < kRows; ++b)
      ids.data<int64_t>()[b] = 1 + (b * (j + 2) + j) % (kVocabulary[j] - 1);
    of.batch.fields.push_back({ids, {}, {}});
  }
  of.schema.fields.push_back({"n0", FieldType::numeric});
  Tensor number({kRows}, DType::f64);
  for (int64_t b = 0; b < kRows; ++b) number.data<double>()[b] = 0.1 * static_cast<double>(b) - 0.3;
  of.batch.fields.push_back({{}, {}, number});
}

// FuxiCTR's FFMv2 takes v_j^(i) by masked_select from a transposed view. PyTorch 1.13 puts that
// call's gradient back in the order of the memory, not of the view, and so the gradients of v_j^(i)
// into the vectors of other pairs, but for the first one. Read that way, the file's sums come out
// to 1e-10; the derivatives of its own losses are ours.
std::set<std::string> misplaced_by_ffm() {
  std::set<std::string> names;
  for (const char* field : {"f2", "f3", "f4", "n0"})
    names.insert(std::string("embedding_layer.embedding_layer.embedding_layers.") + field +
                 ".weight");
  return names;
}

const std::map<std::string, StepCase>& cases() {
  static const std::map<std::string, StepCase> all = {
      {"LR", {"LR", "{}", {}, "4", 0.01}},
      {"FM", {"FM", "{}", {}, "4", 0.01}},
      {"FFMv2(d=2)", {"FFMv2", "{}", {}, "2", 0.01, misplaced_by_ffm()}},
      {"FwFM-LW", {"FwFM", R"({"linear_type": "LW"})", {}, "4", 0.01}},
      {"FwFM-FeLV", {"FwFM", R"({"linear_type": "FeLV"})", {}, "4", 0.01}},
      {"FwFM-FiLV", {"FwFM", R"({"linear_type": "FiLV"})", {}, "4", 0.01}},
      {"DNN[6,5]", {"DNN", R"({"hidden_units": [6, 5]})"}},
      {"DNN[6,5]+BN", {"DNN", R"({"hidden_units": [6, 5], "batch_norm": true})"}},
      {"DNN[6,5] Dice", {"DNN", R"({"hidden_units": [6, 5], "hidden_activations": "Dice"})"}},
      {"DNN[6,5] PReLU", {"DNN", R"({"hidden_units": [6, 5], "hidden_activations": "PReLU"})"}},
      {"DNN[6,5] GELU", {"DNN", R"({"hidden_units": [6, 5], "hidden_activations": "GELU"})"}},
      {"DNN[6,5] Mish", {"DNN", R"({"hidden_units": [6, 5], "hidden_activations": "Mish"})"}},
      {"WideDeep[6,5]", {"WideDeep", R"({"hidden_units": [6, 5]})"}},
      {"IPNN[6,5]", {"PNN", R"({"hidden_units": [6, 5], "product_type": "inner"})"}},
      {"NFM[6,5]", {"NFM", R"({"hidden_units": [6, 5]})"}},
      {"DeepFM[6,5]", {"DeepFM", R"({"hidden_units": [6, 5]})"}},
      {"DCN L=2 [6,5]", {"DCN", R"({"dnn_hidden_units": [6, 5], "num_cross_layers": 2})"}},
      {"DCNv2 parallel L=2 [6,5]",
       {"DCNv2", R"({"model_structure": "parallel", "parallel_dnn_hidden_units": [6, 5],
                     "num_cross_layers": 2})"}},
      {"DCNv2 stacked L=2 [6,5]",
       {"DCNv2", R"({"model_structure": "stacked", "stacked_dnn_hidden_units": [6, 5],
                     "num_cross_layers": 2})"}},
      {"DCNv2 mix r=3,E=2,L=2",
       {"DCNv2", R"({"model_structure": "crossnet_only", "use_low_rank_mixture": true,
                     "low_rank": 3, "num_experts": 2, "num_cross_layers": 2})"}},
      {"xDeepFM cin[3,4] [6,5]",
       {"xDeepFM", R"({"dnn_hidden_units": [6, 5], "cin_hidden_units": [3, 4]})"}},
      {"AutoInt 2x(a=6,h=2)",
       {"AutoInt", R"({"dnn_hidden_units": [], "attention_layers": 2, "num_heads": 2,
                       "attention_dim": 6})"}},
      {"AutoInt+ LN scale wide",
       {"AutoInt", R"({"dnn_hidden_units": [6, 5], "attention_layers": 2, "num_heads": 2,
                       "attention_dim": 6, "layer_norm": true, "use_scale": true,
                       "use_wide": true})"}},
      {"AFN L=3 [6]",
       {"AFN", R"({"ensemble_dnn": false, "afn_hidden_units": [6], "logarithmic_neurons": 3,
                   "batch_norm": false})"}},
      {"AFN+ L=3 [6],[6,5] BN",
       {"AFN", R"({"ensemble_dnn": true, "afn_hidden_units": [6], "dnn_hidden_units": [6, 5],
                   "logarithmic_neurons": 3, "batch_norm": true})"}},
      {"FiBiNET field_all r=3 [6,5]", {"FiBiNET", R"({"hidden_units": [6, 5], "reduction_ratio": 3,
                       "bilinear_type": "field_all"})"}},
      {"FiBiNET field_each r=3 [6,5]", {"FiBiNET", R"({"hidden_units": [6, 5], "reduction_ratio": 3,
                       "bilinear_type": "field_each"})"}},
      {"FiBiNET field_interaction r=3 [6,5]",
       {"FiBiNET", R"({"hidden_units": [6, 5], "reduction_ratio": 3,
                       "bilinear_type": "field_interaction"})"}},
      {"DeepIM o=3 BN [6,5]",
       {"DeepIM", R"({"hidden_units": [6, 5], "im_order": 3, "im_batch_norm": true})"}},
      {"DeepIM o=5 [6,5]", {"DeepIM", R"({"hidden_units": [6, 5], "im_order": 5})"}},
      {"MaskNet serial [6,5] rr=.5",
       {"MaskNet", R"({"dnn_hidden_units": [6, 5], "model_type": "SerialMaskNet",
                       "reduction_ratio": 0.5})"}},
      {"MaskNet par 2x5 [6] rr=.5",
       {"MaskNet", R"({"dnn_hidden_units": [6], "model_type": "ParallelMaskNet",
                       "parallel_num_blocks": 2, "parallel_block_dim": 5,
                       "reduction_ratio": 0.5})"}},
      {"EDCN L=2 tau=2 BN (HEAD)",
       {"EDCN", R"({"num_cross_layers": 2, "temperature": 2, "batch_norm": true})"}},
      {"EDCN L=2 tau=2 BN (resid.)",
       {"EDCN",
        R"({"num_cross_layers": 2, "temperature": 2, "batch_norm": true})",
        {{"edcn_residual", "true"}}}},
      {"EDCN L=2 attn_pool (resid.)",
       {"EDCN",
        R"({"num_cross_layers": 2, "temperature": 2, "bridge_type": "attention_pooling"})",
        {{"edcn_residual", "true"}}}},
      {"FinalMLP noctx H=2", {"FinalMLP", R"({"mlp1_hidden_units": [6, 4], "mlp2_hidden_units": [6],
                        "mlp1_batch_norm": true, "mlp2_batch_norm": true, "use_fs": true,
                        "fs_hidden_units": [5], "fs1_context": [], "fs2_context": [],
                        "num_heads": 2})"}},
      {"FinalMLP ctx f0/n0 H=2",
       {"FinalMLP", R"({"mlp1_hidden_units": [6, 4], "mlp2_hidden_units": [6], "use_fs": true,
                        "fs_hidden_units": [5], "fs1_context": ["f0"], "fs2_context": ["n0"],
                        "num_heads": 2})"}},
  };
  return all;
}

}  // namespace

StepCase step_case(const std::string& tag) {
  const auto found = cases().find(tag);
  CTR_CHECK_DATA(found != cases().end(), "golden: the case '{}' is not known", tag);
  StepCase result = found->second;
  six_fields(result);
  result.batch.rows = kRows;
  result.batch.label = Tensor({kRows}, DType::f64);
  for (int64_t b = 0; b < kRows; ++b)
    result.batch.label.data<double>()[b] = (b * b + b) % 3 == 0 ? 1 : 0;
  return result;
}

}  // namespace ctr
