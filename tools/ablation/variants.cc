#include "tools/ablation/variants.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/check.h"
#include "engine/nearest.h"

namespace ctr {
namespace {

constexpr const char* kSteps = "re-parameterisation";
constexpr const char* kCondition = "condition";
constexpr const char* kSize = "size";
constexpr const char* kRank = "rank";
constexpr const char* kAdapters = "adapters";
constexpr const char* kStart = "start and dropout";
constexpr const char* kGates = "gates";
constexpr const char* kFusion = "fusion";
constexpr const char* kStreams = "streams";
constexpr const char* kInsertion = "insertion";
constexpr const char* kPretraining = "pre-training";
constexpr const char* kTrained = "what is trained";

// Fields of APG's condition, named or by their roles.
std::string needs_two_conditions(const VariantContext& context) {
  size_t fields = context.options.apg.condition_fields.size();
  if (fields == 0)
    for (FieldRole role : {FieldRole::user, FieldRole::domain})
      fields += context.schema.index_of(role) >= 0 ? 1 : 0;
  return fields >= 2 ? std::string()
                     : "there is one condition, nothing to aggregate; name two --condition-fields";
}

std::string needs_dropout(const VariantContext& context) {
  return context.options.dropout > 0 ? std::string()
                                     : "nothing is dropped without --dropout above 0";
}

// Bilinear heads divide both streams' last layers.
std::function<std::string(const VariantContext&)> divides(int64_t heads) {
  return [heads](const VariantContext& context) {
    const ModelOptions& o = context.options;
    const IntList& second = o.finalmlp.units2.empty() ? o.hidden_units : o.finalmlp.units2;
    const bool fits =
        !o.hidden_units.empty() && o.hidden_units.back() % heads == 0 && second.back() % heads == 0;
    return fits ? std::string() : fmt::format("{} heads do not divide the last layers", heads);
  };
}

// The steps from generated weights to shared, over-parameterised factors, each taken back.
std::vector<Variant> apg_steps() {
  const Setting single{"overparam_p", ""};
  return {{"plain", kSteps, "static weights: the MLP", {{"linear", "plain"}}},
          {"basic", kSteps, "all of W generated", {{"generate", "full"}, single}},
          {"low-rank",
           kSteps,
           "U, S, V generated and multiplied out: h (U S V)",
           {{"generate", "usv"}, {"decompose", "false"}, single}},
          {"decomposed",
           kSteps,
           "U, S, V generated: ((h U) S) V",
           {{"generate", "usv"}, {"decompose", "true"}, single}},
          {"no-overparam", kSteps, "S generated, U and V shared, each a single matrix", {single}}};
}

std::vector<Variant> apg_conditions() {
  return {{"self-wise", kCondition, "z is the layer's input", {{"condition_mode", "self-wise"}}},
          {"group-user",
           kCondition,
           "z is the user's vector",
           {{"condition_mode", "group-wise"}, {"condition_fields", "{user}"}}},
          {"group-domain",
           kCondition,
           "z is the domain's vector",
           {{"condition_mode", "group-wise"}, {"condition_fields", "{domain}"}}},
          {"mix-sum",
           kCondition,
           "z is the sum of the conditions",
           {{"aggregation", "sum"}},
           needs_two_conditions},
          {"mix-concat",
           kCondition,
           "z is the conditions side by side",
           {{"aggregation", "concat"}},
           needs_two_conditions},
          {"mix-attention",
           kCondition,
           "z is the conditions by attention",
           {{"aggregation", "attention"}},
           needs_two_conditions},
          {"output-mean",
           kCondition,
           "a layer of each condition, their mean",
           {{"aggregation", "mean"}, {"aggregation_side", "output"}},
           needs_two_conditions},
          {"output-sum",
           kCondition,
           "a layer of each condition, their sum",
           {{"aggregation", "sum"}, {"aggregation_side", "output"}},
           needs_two_conditions},
          {"own-tables",
           kCondition,
           "the conditions have tables of their own",
           {{"condition_embedding", "own"}}}};
}

Ablation apg() {
  Ablation table{
      "apg",
      "S(z) generated, U and V shared and over-parameterised, z the mean of user and domain",
      {},
      apg_steps()};
  for (const Variant& variant : apg_conditions()) table.variants.push_back(variant);
  const std::vector<Variant> sizes{
      {"rank-4", kSize, "K = 4", {{"rank_k", "4"}}},
      {"rank-32", kSize, "K = 32", {{"rank_k", "32"}}},
      {"hidden-generator",
       kSize,
       "a hidden layer of 32 in the generators",
       {{"hypernet_hidden_units", "32"}}},
      {"generated-bias", kSize, "the biases are generated too", {{"generate_bias", "true"}}}};
  table.variants.insert(table.variants.end(), sizes.begin(), sizes.end());
  return table;
}

Ablation mlora() {
  Ablation table{"mlora",
                 "an adapter for each domain in every layer, its rank a sixteenth of the width",
                 {},
                 {}};
  table.variants = {
      {"plain", kAdapters, "no adapters: the MLP", {{"linear", "plain"}}},
      {"rank-0",
       kAdapters,
       "adapters in place, frozen at zero",
       {{"trainable", "embedding,/weight,/bias"}}},
      {"bias-only",
       kAdapters,
       "of the adapters, only the bias of each domain learns",
       {{"trainable", "embedding,/weight,/bias,lora_bias"}}},
      {"mixture-4",
       kAdapters,
       "four adapters mixed by domain (MoE-MLoRA)",
       {{"lora_experts", "4"}}},
      {"full-rank",
       kAdapters,
       "weights of each domain times the shared ones (STAR's layers)",
       {{"model", "star"},
        {"linear", "plain"},
        {"star_partitioned_norm", "false"},
        {"star_auxiliary_hidden_units", ""},
        {"star_domain_in_input", "true"}}},
      {"star", kAdapters, "STAR as its paper has it", {{"model", "star"}, {"linear", "plain"}}}};
  for (const char* rank : {"1", "2", "4", "8", "16"})
    table.variants.push_back({fmt::format("rank-{}", rank),
                              kRank,
                              fmt::format("r = {} in every layer", rank),
                              {{"lora_rank", rank}}});
  for (const char* reduce : {"4", "64"})
    table.variants.push_back({fmt::format("reduce-{}", reduce),
                              kRank,
                              fmt::format("r = width / {}, 1 at least", reduce),
                              {{"lora_rank", ""}, {"lora_reduce", reduce}}});
  table.variants.push_back({"stack-start",
                            kStart,
                            "A begins smaller, as in the published code",
                            {{"lora_start", "stack"}}});
  table.variants.push_back({"small-tables",
                            kStart,
                            "tables begin at N(0, 1e-4^2), as the published baselines'",
                            {{"embedding_deviation", "1e-4"}}});
  table.variants.push_back({"plain-small-tables",
                            kStart,
                            "the published baseline's start: no adapters, such tables",
                            {{"linear", "plain"}, {"embedding_deviation", "1e-4"}}});
  table.variants.push_back({"output-dropout",
                            kStart,
                            "dropout of the layer's output, not of the shared branch",
                            {{"lora_dropout", "output"}},
                            needs_dropout});
  return table;
}

Ablation finalmlp() {
  Ablation table{"finalmlp",
                 "two streams behind gates that look at user and item, one bilinear head",
                 {{"finalmlp_context1", "{user}"}, {"finalmlp_context2", "{item}"}},
                 {}};
  table.variants = {
      {"no-gates", kGates, "no feature selection", {{"finalmlp_gates", "false"}}},
      {"no-contexts",
       kGates,
       "each gate is the same for all rows",
       {{"finalmlp_context1", ""}, {"finalmlp_context2", ""}}},
      {"context-user",
       kGates,
       "the second gate is the same for all rows",
       {{"finalmlp_context2", ""}}},
      {"context-item",
       kGates,
       "the first gate is the same for all rows",
       {{"finalmlp_context1", ""}}},
      {"sum", kFusion, "the sum of the streams", {{"finalmlp_fusion", "sum"}}},
      {"product", kFusion, "their product, element by element", {{"finalmlp_fusion", "product"}}},
      {"concat", kFusion, "the streams side by side", {{"finalmlp_fusion", "concat"}}}};
  for (int64_t heads : {2, 4, 8})
    table.variants.push_back({fmt::format("heads-{}", heads),
                              kFusion,
                              fmt::format("{} bilinear heads", heads),
                              {{"finalmlp_fusion_heads", std::to_string(heads)}},
                              divides(heads)});
  table.variants.push_back({"single-stream", kStreams, "one MLP, no gates", {{"model", "mlp"}}});
  table.variants.push_back({"two-plain-streams",
                            kStreams,
                            "two MLPs whose logits are added (dualmlp)",
                            {{"model", "dualmlp"}}});
  return table;
}

Ablation peterrec() {
  Ablation table{"peterrec",
                 "patches behind both convolutions of each block of the network of --from",
                 {{"peter_loss", "softmax"}},
                 {}};
  const Setting no_patches{"peter_insertion", "none"}, no_skip{"peter_inner_skip", "false"};
  const Setting scratch{"from", ""}, all{"peter_train", "all"};
  table.variants = {
      {"serial1",
       kInsertion,
       "a patch behind the second convolution",
       {{"peter_insertion", "serial1"}}},
      {"parallel2",
       kInsertion,
       "patches beside the convolutions",
       {{"peter_insertion", "parallel2"}, no_skip}},
      {"beside-block",
       kInsertion,
       "a patch beside the block",
       {{"peter_insertion", "beside_block"}, no_skip}},
      {"peterzero", kPretraining, "patches in a network of random numbers", {scratch}},
      {"finezero", kPretraining, "everything trained from the start", {scratch, no_patches, all}},
      {"mtl",
       kPretraining,
       "the task and the next clicks together, from the start",
       {scratch, no_patches, all, {"peter_source_weight", "1"}}},
      {"fineall", kTrained, "everything trained on", {no_patches, all}},
      {"finecls", kTrained, "the head alone", {no_patches, {"peter_train", "head"}}},
      {"finelast1",
       kTrained,
       "the head and the last convolution",
       {no_patches, {"peter_train", "last1"}}},
      {"finelast2",
       kTrained,
       "the head and the last two convolutions",
       {no_patches, {"peter_train", "last2"}}},
      {"popularity",
       kTrained,
       "the most frequent targets (LTC)",
       {{"model", "popularity"}, scratch}}};
  return table;
}

}  // namespace

const std::vector<Ablation>& ablations() {
  static const std::vector<Ablation> all{apg(), mlora(), finalmlp(), peterrec()};
  return all;
}

const Ablation& find_ablation(const std::string& model) {
  std::vector<std::string> names;
  for (const Ablation& one : ablations()) {
    if (one.model == model) return one;
    names.push_back(one.model);
  }
  fail(ErrorKind::usage,
       "ablate: no variants of '{}' are known{}; they are tables in tools/ablation/variants.cc. "
       "--what embeddings works with every model",
       model, advice_on_name(model, names));
}

std::string with_fields(std::string value, const Schema& schema, std::string& missing) {
  constexpr std::array<std::pair<const char*, FieldRole>, 3> kRoles{
      {{"{user}", FieldRole::user}, {"{item}", FieldRole::item}, {"{domain}", FieldRole::domain}}};
  for (const auto& [mark, role] : kRoles) {
    const std::string text = mark;
    const size_t at = value.find(text);
    if (at == std::string::npos) continue;
    const int64_t field = schema.index_of(role);
    if (field < 0) {
      if (missing.empty()) missing = text.substr(1, text.size() - 2);
      continue;
    }
    value.replace(at, text.size(), schema.fields[static_cast<size_t>(field)].name);
  }
  return value;
}

}  // namespace ctr
