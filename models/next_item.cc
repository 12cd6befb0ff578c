#include "models/next_item.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/parallel.h"
#include "engine/step_vector.h"
#include "models/layers/bpr_max.h"
#include "ops/activation/activation.h"
#include "ops/elementwise/elementwise.h"
#include "ops/gather/gather.h"
#include "ops/linear/linear.h"
#include "ops/reduce/reduce.h"
#include "ops/shaping/shaping.h"

namespace ctr {

const Parameter& item_table(const Scope& scope, const ItemSequence& sequence,
                            const ModelContext& context, int64_t more) {
  return (scope / "embedding")
      .table(sequence.table(), {sequence.items() + more, item_width(context)},
             Initializer::truncated_normal(context.options.embedding_deviation));
}

int64_t item_width(const ModelContext& context) {
  return context.options.embedding_dim > 0 ? context.options.embedding_dim : 64;
}

NextItemModel::NextItemModel(const std::string& name, const Scope& scope,
                             const ModelContext& context, const Head& head)
    : scope_(scope), sequence_(name, context), head_(head), options_(context.options.next_item) {
  if (!options_.target_field.empty()) {
    target_field_ = context.schema.index_of(options_.target_field);
    const Field& field = context.schema.fields[static_cast<size_t>(target_field_)];
    CTR_CHECK(field.type == FieldType::sequence && field.vocabulary == sequence_.items(),
              "{}: '{}' must be a sequence of the {} items; set --next-target-field", name,
              field.name, sequence_.items());
  }
  const int64_t items = sequence_.items();
  weight_ =
      &(scope / "head")
           .table("weight", {items, head.width}, Initializer::truncated_normal(head.deviation));
  if (head.bias) bias_ = &(scope / "head").table("bias", {items, 1}, Initializer::zeros());
  if (options_.loss != "softmax") sampler_ = std::make_unique<ItemSampler>(options_, items);
  if (sampler_ && sampler_->counts())
    counts_ = &scope.state("counts", Tensor::zeros({items}, DType::i64));
}

Places NextItemModel::taught(const Tensor& ids) const {
  return {all_but_last(ids), all_but_first(ids)};
}

Places NextItemModel::places(const Batch& batch) const {
  if (batch.next.defined())
    return {at_the_end(batch.fields[static_cast<size_t>(sequence_.field())], 1),
            batch.next.reshaped({batch.rows, 1})};
  if (target_field_ < 0) return taught(sequence_.followed(batch));
  return {sequence_.ids(batch), sequence_.ids_of(batch, target_field_)};
}

Var NextItemModel::read(const Var& h) const {
  const Var rows = reshape(h, {h.dim(0) * h.dim(1), h.dim(2)});
  return head_.relu ? relu(rows) : rows;
}

Var NextItemModel::encode_last(const Tensor& ids) const { return tail(encode(ids), 1, 1); }

Var NextItemModel::encode_on(const Tensor&, const Tensor&) const {
  fail(ErrorKind::usage, "this model reads whole sequences alone");
}

Var NextItemModel::last(const Tensor& ids) const { return read(encode_last(asked(ids))); }

Var NextItemModel::logit(const Batch& batch) const {
  const Tensor ids = sequence_.ids(batch);
  const int64_t rows = ids.dim(0), length = ids.dim(1);
  const Var bias = bias_ == nullptr ? Var() : Var(*bias_);
  if (sequence_.item_field() < 0) {
    const Var z = linear(read(encode(ids)), *weight_, bias);  // [B T, V]
    return reshape(z, {rows, length, sequence_.items()});
  }
  const Tensor& item = sequence_.item(batch);
  const Var z = reshape(sum(last(ids) * gather(*weight_, item), -1), {rows, 1});  // [B, 1]
  return bias_ == nullptr ? z : z + gather(bias, item);
}

ItemVectors NextItemModel::item_vectors(const Batch& batch) const {
  if (sequence_.item_field() < 0) return {};
  return {last(sequence_.ids(batch)).value(), weight_->value,
          bias_ == nullptr ? Tensor() : bias_->value, sequence_.item_field(),
          sequence_.first_item()};
}

std::vector<Var> NextItemModel::losses(std::span<const Var>, const Batch& batch) const {
  return training_losses(batch);
}

// The items' occurrences so far, those of this step too; a step counts once.
Tensor NextItemModel::counted(const Tensor& target) const {
  if (counts_ == nullptr) return {};
  Tensor counts = counts_->value;  // shares the state's memory
  if (mode().training && counted_step_ != static_cast<int64_t>(mode().step)) {
    counted_step_ = mode().step;
    for (int64_t id : target.span<int64_t>())
      if (id > 0) ++counts.data<int64_t>()[id];
  }
  return counts;
}

std::vector<Var> NextItemModel::training_losses(const Batch& batch) const {
  const Places at = places(batch);
  const Var h =
      read(batch.begins.defined() ? encode_on(at.ids, batch.begins) : encode(at.ids));  // [B T, D]
  const Tensor target = at.target.reshaped({at.target.count()});
  const Var bias = bias_ == nullptr ? Var() : Var(*bias_);
  const ItemLossOptions options{options_.padding_is_item ? -1 : 0, options_.chunk};
  if (!sampler_) return {item_cross_entropy(h, *weight_, bias, target, options)};
  const RandomStream random{mode().seed, stream_of("next/sample"), mode().step};
  const ItemSample sample = sampler_->draw(random, target, counted(target));
  if (options_.loss == "bpr-max")
    return {bpr_max(h, *weight_, bias, target, sample.ids,
                    {options_.bpr_penalty, options_.bpr_elu, options.ignored})};
  return {sampled_cross_entropy(h, *weight_, bias, target, sample, options)};
}

std::vector<Prediction> NextItemModel::predictions(std::span<const Var> logits,
                                                   const Batch& batch) const {
  if (sequence_.item_field() < 0) return {};
  return Model::predictions(logits, batch);
}

}  // namespace ctr
