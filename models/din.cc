// Deep Interest Network (Zhou et al., KDD 2018). A group's target q attends to its history k:
//   u = Σ_t a_t k_t,  a_t = MLP_a([q, k_t, q − k_t, q ⊙ k_t])        logit = MLP([v_1 … u … v_F])
// where u stands in the place of the group's sequences.

#include "models/layers/target_attention.h"
#include "models/model.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class Din : public Model {
 public:
  Din(const Scope& scope, const ModelContext& context)
      : schema_(context.schema),
        groups_(sequence_groups("din", context.schema, context.options.din.target_fields,
                                context.options.din.sequence_fields)),
        tower_(scope, context),
        mlp_(tower_.mlp(tower_.embedding().width())) {
    for (const SequenceGroup& group : groups_) {
      const Scope place = scope / "attention" / static_cast<int64_t>(attention_.size());
      attention_.emplace_back(place, context, tower_, width_of(tower_.embedding(), group.targets));
    }
  }

  Var logit(const Batch& batch) const override {
    const Embedding& embedding = tower_.embedding();
    std::map<int64_t, Var> interests;  // by field                   [B, D] each
    for (size_t g = 0; g < groups_.size(); ++g) {
      Var u = attention_[g](read_group(embedding, schema_, groups_[g], batch));  // [B, E]
      std::vector<int64_t> widths;
      for (int64_t f : groups_[g].sequences) widths.push_back(embedding.width_of(f));
      const std::vector<Var> parts = split(u, widths);
      for (size_t i = 0; i < parts.size(); ++i) interests[groups_[g].sequences[i]] = parts[i];
    }
    return mlp_(embedding.flat(batch, interests), batch);  // [B, 1]
  }

 private:
  Schema schema_;
  std::vector<SequenceGroup> groups_;
  Tower tower_;
  Mlp mlp_;
  std::vector<TargetAttention> attention_;
};

PeerNames peer() {
  PeerNames names{.model = "DIN",
                  .defaults = {{"hidden_units", "512,128,64"},
                               {"din_target_fields", "item_id+cate_id"},
                               {"din_sequence_fields", "click_history+cate_history"},
                               {"din_attention_units", "64"},
                               {"din_attention_activation", "dice"},
                               {"din_softmax", "false"}}};
  names.options = {
      {"din_target_field", {"din_target_fields"}},
      {"din_sequence_field", {"din_sequence_fields"}},
      {"din_use_softmax", {"din_softmax"}},
      {"attention_hidden_units", {"din_attention_units"}},
      {"attention_hidden_activations", peer_activation("din_attention_activation")},
      {"attention_output_activation", peer_activation("din_attention_output_activation")},
      {"attention_dropout", {"din_attention_dropout"}}};
  names.mlps = {
      {R"(attention_layers\.(\d+)\.attention_layer)", "attention/$1", "attention/$1/head"}};
  return names;
}

}  // namespace

ModelInfo model_din() {
  return {.name = "din",
          .title = "a target attends to its history by an MLP, then an MLP on all fields",
          .paper = "Zhou et al., KDD 2018",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Din>(scope, context); },
          .shrink = [](ModelOptions& o) { o.din.attention_units = {5}; },
          .variants = {{"softmax",
                        [](ModelOptions& o) {
                          o.din.softmax =
                              true;  // of its scores as they are the last bias has no say
                          o.din.attention_output_activation = "tanh";
                        }},
                       {"two groups, own activations",
                        [](ModelOptions& o) {
                          o.din.target_fields = {"item", "user"};
                          o.din.sequence_fields = {"history", "tags"};
                          o.din.attention_activation = "prelu";
                          o.din.attention_output_activation = "tanh";
                        }},
                       {"one group of two fields",
                        [](ModelOptions& o) {
                          o.din.target_fields = {"item+user"};
                          o.din.sequence_fields = {"history+tags"};
                          o.din.attention_activation = "sigmoid";
                        }}},
          .peer = peer(),
          .needs_sequences = true};
}

}  // namespace ctr
