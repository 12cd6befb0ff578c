// STAR (Sheng et al., One Model to Serve All, CIKM 2021). x_0 = [v_1 … v_F] without the domain's
// vector, d the domain of the row.
//   h = PN_d(x_0)                                     each domain by its own statistics, γ and β
//   h ← dropout(relu(h (W ⊙ W_d)ᵀ + b + b_d))         for each of --hidden-units
//   logit = wᵀ h + c + auxiliary MLP([v_domain ; x_0])

#include "engine/check.h"
#include "models/layers/dropout_layer.h"
#include "models/layers/partitioned_norm_layer.h"
#include "models/layers/star_layer.h"
#include "models/model.h"
#include "models/tower.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

int64_t domain_field(const Schema& schema) {
  const int64_t domain = schema.index_of(FieldRole::domain);
  CTR_CHECK(domain >= 0, "star: data set '{}' marks no field as the domain", schema.name);
  return domain;
}

// The data's, with the domain as an input where something reads its vector.
Schema schema_of(const ModelContext& context) {
  Schema schema = context.schema;
  Field& domain = schema.fields[static_cast<size_t>(domain_field(schema))];
  domain.input = false;
  CTR_CHECK(!input_fields(schema).empty(),
            "star: data set '{}' has no input field beside the domain", schema.name);
  const StarOptions& own = context.options.star;
  const bool auxiliary = !own.auxiliary_hidden_units.empty();
  CTR_CHECK(auxiliary || context.options.linear == "plain",
            "star: --linear {} holds for the auxiliary net; set --star-auxiliary-hidden-units",
            context.options.linear);
  domain.input = own.domain_in_input || auxiliary;
  return schema;
}

MlpOptions auxiliary_options(const ModelOptions& options) {
  MlpOptions shape = mlp_options(options);
  shape.name = "auxiliary";
  shape.head = "auxiliary_head";
  shape.units = options.star.auxiliary_hidden_units;
  return shape;
}

class Star : public Model {
 public:
  Star(const Scope& scope, const ModelContext& context)
      : Star(scope, context, schema_of(context)) {}

  Var logit(const Batch& batch) const override {
    const RowGroups domains = group_rows(batch.domain, domains_);
    Var x = input(batch);                      // x_0                     [B, N]
    Var h = norm_ ? (*norm_)(x, domains) : x;  // PN_d(x_0)               [B, N]
    for (size_t l = 0; l < layers_.size(); ++l)
      h = dropout_((*layers_[l])(h, domains), l);  // [B, units]
    Var logit = (*head_)(h);                       // [B, 1]
    if (!auxiliary_) return logit;
    Var v = tower_.embedding().field(batch, domain_);  // v_domain           [B, D]
    return logit + (*auxiliary_)(concat({v, x}), batch);
  }

 private:
  Star(const Scope& scope, const ModelContext& context, const Schema& schema)
      : tower_(scope, {schema, context.vectors, context.options}),
        domain_(domain_field(schema)),
        domains_(schema.domains),
        in_input_(context.options.star.domain_in_input),
        dropout_(scope / "star", context.options.dropout) {
    const StarOptions& own = context.options.star;
    const bool embedded = schema.fields[static_cast<size_t>(domain_)].input;
    const int64_t domain_width = tower_.embedding().width_of(domain_);
    const int64_t in = tower_.embedding().width() - (embedded && !in_input_ ? domain_width : 0);
    if (own.partitioned_norm)
      norm_ = std::make_unique<PartitionedNormLayer>(scope / "pn", domains_, in, own.norm_epsilon);
    int64_t width = in;
    for (int64_t out : context.options.hidden_units) {
      layers_.push_back(std::make_unique<StarLayer>(
          scope / "star" / static_cast<int64_t>(layers_.size()), domains_, width, out,
          own.domain_weight, context.options.activation));
      width = out;
    }
    head_ = std::make_unique<LinearLayer>(scope / "head", width, 1);
    if (!own.auxiliary_hidden_units.empty())
      auxiliary_ =
          std::make_unique<Mlp>(tower_.mlp(domain_width + in, auxiliary_options(context.options)));
  }

  Var input(const Batch& batch) const {
    if (in_input_) return tower_.embedding().flat(batch);
    return tower_.embedding().flat(batch, {{domain_, Var()}});
  }

  Tower tower_;
  int64_t domain_, domains_;
  bool in_input_;
  DropoutLayer dropout_;
  std::unique_ptr<PartitionedNormLayer> norm_;
  std::vector<std::unique_ptr<StarLayer>> layers_;
  std::unique_ptr<LinearLayer> head_;
  std::unique_ptr<Mlp> auxiliary_;
};

}  // namespace

ModelInfo model_star() {
  return {
      .name = "star",
      .title = "a shared net times a net for each domain",
      .paper = "Sheng et al., CIKM 2021",
      .make = [](const Scope& scope,
                 const ModelContext& context) { return std::make_unique<Star>(scope, context); },
      .shrink = [](ModelOptions& o) { o.star.auxiliary_hidden_units = {5}; },
      .variants = {{"no auxiliary net, random, mish",
                    [](ModelOptions& o) {
                      o.star.auxiliary_hidden_units = {};
                      o.star.domain_weight = "random";
                      o.activation = "mish";
                    }},
                   {"no norm, domain in the input, prelu",
                    [](ModelOptions& o) {
                      o.star.partitioned_norm = false;
                      o.star.domain_in_input = true;
                      o.activation = "prelu";
                    }},
                   {"raw numbers", [](ModelOptions& o) { o.numeric = "raw"; }}}};
}

}  // namespace ctr
