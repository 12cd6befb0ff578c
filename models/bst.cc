// Behavior Sequence Transformer (Chen et al., DLP-KDD 2019).
//   s = [k_1 … k_T, q], each beside its position        u = pool(blocks(s))
//   logit = MLP([v_1 … v_F without the sequences, u])

#include "engine/check.h"
#include "models/layers/behavior_transformer.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

class Bst : public Model {
 public:
  Bst(const Scope& scope, const ModelContext& context)
      : schema_(context.schema),
        groups_(sequence_groups("bst", context.schema, context.options.bst.target_fields,
                                context.options.bst.sequence_fields)),
        tower_(scope, context) {
    const Embedding& embedding = tower_.embedding();
    int64_t in = embedding.width();
    for (const SequenceGroup& group : groups_) {
      const Field& first = schema_.fields[static_cast<size_t>(group.sequences[0])];
      CTR_CHECK_DATA(first.max_length > 0,
                     "bst: sequence '{}' has no max_length, and each place needs a position; "
                     "prepare the data with one",
                     first.name);
      transformers_.emplace_back(scope / "transformer" / static_cast<int64_t>(transformers_.size()),
                                 width_of(embedding, group.sequences),
                                 embedding.width_of(group.targets[0]), first.max_length + 1,
                                 context.options.dropout, context.options.bst);
      in += transformers_.back().out() - width_of(embedding, group.sequences);
    }
    mlp_ = std::make_unique<Mlp>(tower_.mlp(in));
  }

  Var logit(const Batch& batch) const override {
    std::vector<Var> parts(1);
    std::map<int64_t, Var> left_out;
    for (size_t g = 0; g < groups_.size(); ++g) {
      const SequenceBatch read = read_group(tower_.embedding(), schema_, groups_[g], batch);
      parts.push_back(transformers_[g](read));  // u                          [B, M]
      for (int64_t f : groups_[g].sequences) left_out[f] = Var();
    }
    parts[0] = tower_.embedding().flat(batch, left_out);  // the other fields  [B, ..]
    return (*mlp_)(concat(parts), batch);                 //                   [B, 1]
  }

 private:
  Schema schema_;
  std::vector<SequenceGroup> groups_;
  Tower tower_;
  std::vector<BehaviorTransformer> transformers_;
  std::unique_ptr<Mlp> mlp_;
};

PeerNames peer() {
  PeerNames names{.model = "BST",
                  .defaults = {{"hidden_units", "256,128,64"},
                               {"bst_target_fields", "item_id+cate_id"},
                               {"bst_sequence_fields", "click_history+cate_history"}}};
  names.options = {{"bst_target_field", {"bst_target_fields"}},
                   {"bst_sequence_field", {"bst_sequence_fields"}},
                   {"num_heads", {"bst_heads"}},
                   {"stacked_transformer_layers", {"bst_blocks"}},
                   {"attention_dropout", {"bst_attention_dropout"}},
                   {"layer_norm", {"bst_layer_norm"}},
                   {"use_residual", {"bst_residual"}},
                   {"seq_pooling_type", {"bst_pooling"}},
                   {"use_position_emb", {"bst_positions"}},
                   {"use_causal_mask", {"bst_causal"}}};
  const std::string block = R"(transformer_encoders\.(\d+)\.transformer_blocks\.(\d+)\.)";
  const std::string ours = "transformer/$1/$2/";
  names.parameters = {{R"(transformer_encoders\.(\d+)\.position_emb)", "transformer/$1/positions"},
                      {block + R"(attention\.in_proj_(weight|bias))", ours + "attention/in/$3"},
                      {block + R"(attention\.out_proj\.(weight|bias))", ours + "attention/out/$3"},
                      {block + R"(ffn\.0\.(weight|bias))", ours + "ffn/0/$3"},
                      {block + R"(ffn\.2\.(weight|bias))", ours + "ffn/1/$3"},
                      {block + R"(layer_norm([12])\.(weight|bias))", ours + "norm$3/$4"}};
  return names;
}

}  // namespace

ModelInfo model_bst() {
  return {.name = "bst",
          .title = "a transformer over the history and its target, then an MLP on all fields",
          .paper = "Chen et al., DLP-KDD 2019",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Bst>(scope, context); },
          .variants = {{"causal, two blocks, sum",
                        [](ModelOptions& o) {
                          o.bst.causal = true;
                          o.bst.blocks = 2;
                          o.bst.pooling = "sum";
                        }},
                       {"target", [](ModelOptions& o) { o.bst.pooling = "target"; }},
                       {"concat, no layer norm, one head",
                        [](ModelOptions& o) {
                          o.bst.pooling = "concat";
                          o.bst.layer_norm = false;
                          o.bst.heads = 1;
                        }},
                       {"two fields in a group, no positions, no residual",
                        [](ModelOptions& o) {
                          o.bst.target_fields = {"item+user"};
                          o.bst.sequence_fields = {"history+tags"};
                          o.bst.positions = false;
                          o.bst.residual = false;
                          o.bst.heads = 4;
                        }},
                       {"two groups",
                        [](ModelOptions& o) {
                          o.bst.target_fields = {"item", "user"};
                          o.bst.sequence_fields = {"history", "tags"};
                        }}},
          .peer = peer(),
          .needs_sequences = true};
}

}  // namespace ctr
