// Field-aware factorization machine (Juan et al., RecSys 2016, eq. 2): a field has a vector for
// each other one.   logit = w0 + Σ w_i + Σ_{i<j} <v_i^(j), v_j^(i)>

#include "engine/check.h"
#include "models/layers/embedding.h"
#include "models/model.h"
#include "ops/elementwise/elementwise.h"
#include "ops/fields/pairs.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

constexpr int64_t kWidth = 4;  // where neither preset nor user says one

class Ffm : public Model {
 public:
  Ffm(const Scope& scope, const ModelContext& context)
      : linear_(scope, context, context.options.fm.linear_bias) {
    const std::vector<int64_t> fields = input_fields(context.schema);
    const bool joined = context.options.ffm.ffm_tables == "joined";
    ModelOptions own = context.options;
    if (own.embedding_dim == 0) own.embedding_dim = kWidth;
    const int64_t slots = vectors_per_field(context) - 1;
    if (joined) own.embedding_dim *= slots;
    const ModelContext each{context.schema, context.vectors, own};
    for (int64_t slot = 0; slot < (joined ? 1 : slots); ++slot)
      vectors_.emplace_back(joined ? scope : scope / "slot" / slot, each, fields);
  }

  Var logit(const Batch& batch) const override {
    Var v = vectors(batch);               // v_i^(j) side by side    [B, F, (F−1) D]
    return linear_(batch)                 // w0 + Σ w_i              [B, 1]
           + field_aware_interaction(v);  // Σ <v_i^(j), v_j^(i)>    [B, 1]
  }

 private:
  // F: fields with vectors.
  static int64_t vectors_per_field(const ModelContext& context) {
    int64_t count = 0;
    for (int64_t f : input_fields(context.schema)) {
      const bool numeric = context.schema.fields[static_cast<size_t>(f)].type == FieldType::numeric;
      count += !numeric || context.options.numeric == "embed";
    }
    CTR_CHECK(count > 1, "ffm: interactions need at least two fields with vectors, got {}", count);
    return count;
  }

  Var vectors(const Batch& batch) const {
    std::vector<Var> slots;
    for (const Embedding& slot : vectors_) slots.push_back(slot.fields(batch));
    return concat(slots, 2);
  }

  LinearTerm linear_;
  std::vector<Embedding> vectors_;  // all in one, or one for each other field
};

PeerNames peer(const char* model, const char* tables) {
  return {.model = model,
          .defaults = {{"ffm_tables", tables}},
          .parameters = {{R"(embedding_layers\.(\d+)\..*embedding_layers\.(\w+)\.weight)",
                          "slot/$1/embedding/$2"}}};
}

}  // namespace

ModelInfo model_ffm() {
  return {.name = "ffm",
          .title = "factorization machine with a vector for each pair of an id and a field",
          .paper = "Juan et al., RecSys 2016",
          .make = [](const Scope& scope,
                     const ModelContext& context) { return std::make_unique<Ffm>(scope, context); },
          .preset = [](ModelOptions& o) { o.embedding_dim = kWidth; },
          .criteo = [](ModelOptions& o) { o.embedding_dim = kWidth; },
          .variants = {{"separate tables", [](ModelOptions& o) { o.ffm.ffm_tables = "separate"; }},
                       {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}},
          .peer = peer("FFMv2", "joined"),
          .other_peers = {peer("FFM", "separate")}};
}

}  // namespace ctr
