#include "tools/bench/workload.h"

#include <algorithm>
#include <cmath>

#include "engine/check.h"
#include "engine/rng.h"

namespace ctr {
namespace {

constexpr uint64_t kBatches = 8;

// Many small ids, few large ones: floor(n u^4).
int64_t skewed(double u, int64_t n) {
  return std::min(n - 1, static_cast<int64_t>(static_cast<double>(n) * u * u * u * u));
}

// Tells the rows' domains and is no input.
void add_domain(int64_t domains, Schema& schema) {
  schema.domains = domains;
  schema.fields.push_back({"domain", FieldType::categorical, domains, FieldRole::domain});
  schema.fields.back().input = false;
}

Schema criteo_schema(const WorkloadOptions& options) {
  Schema schema;
  schema.name = "criteo shape";
  for (int64_t f = 0; f < options.fields; ++f) {
    Field field;
    field.name = fmt::format("c{}", f);
    field.vocabulary = options.vocabulary / options.fields;
    schema.fields.push_back(field);
  }
  add_domain(options.domains, schema);
  return schema;
}

Schema taobao_schema() {
  Schema schema;
  schema.name = "taobao-10 shape";
  schema.domains = 10;
  schema.fields = {{"user", FieldType::categorical, 23778, FieldRole::user, false, "user", 128},
                   {"item", FieldType::categorical, 6932, FieldRole::item, false, "item", 128},
                   {"domain", FieldType::categorical, 10, FieldRole::domain}};
  return schema;
}

// A user, an item of a category, and histories of up to 50 of each.
Schema history_schema(int64_t domains) {
  Schema schema;
  schema.name = "amazon shape";
  schema.fields = {{"user", FieldType::categorical, 192403, FieldRole::user},
                   {"item", FieldType::categorical, 63001, FieldRole::item},
                   {"category", FieldType::categorical, 801},
                   {"item_history", FieldType::sequence, 63001},
                   {"category_history", FieldType::sequence, 801}};
  schema.fields[3].shares = "item";
  schema.fields[4].shares = "category";
  for (Field& field : schema.fields) {
    field.padding = true;
    if (field.is_list()) field.max_length = 50;
  }
  add_domain(domains, schema);
  return schema;
}

// An item, and the items before it.
Schema sequence_schema(int64_t length) {
  Schema schema;
  schema.name = "sequence shape";
  schema.fields = {{"item", FieldType::categorical, 50'000, FieldRole::item},
                   {"items", FieldType::sequence, 50'000}};
  schema.fields[1].shares = "item";
  schema.fields[1].max_length = length;
  for (Field& field : schema.fields) field.padding = true;
  return schema;
}

WorkloadOptions resolved(WorkloadOptions options) {
  if (options.batch_size == 0) {
    options.batch_size = options.shape == "criteo"     ? 4096
                         : options.shape == "sequence" ? 128
                                                       : 1024;
  }
  if (options.sizes == "auto") {
    const bool compared =
        std::find(kCompared.begin(), kCompared.end(), options.model) != kCompared.end();
    options.sizes = compared ? "peer" : "criteo";
  }
  return options;
}

}  // namespace

ModelOptions model_options_of(const WorkloadOptions& given) {
  const WorkloadOptions options = resolved(given);
  const ModelInfo& info = find_model(options.model);
  ModelOptions result;
  info.preset(result);
  if (options.shape != "taobao-10") {
    if (options.sizes == "criteo") info.criteo(result);
    if (options.sizes == "peer") result.hidden_units = {400, 400, 400};
    result.apg.condition_mode = "self-wise";
    result.apg.rank_k = {32};
    result.apg.overparam_p = {};
    if (result.embedding_dim == 0) result.embedding_dim = options.shape == "sequence" ? 64 : 16;
  } else {
    result.hidden_units = {256, 128, 64};
  }
  OptionList list = result.list();
  for (const ConfigEntry& entry : options.model_options)
    list.set(entry.name, entry.text, entry.where);
  return result;
}

Workload::Workload(const WorkloadOptions& options)
    : options_(resolved(options)),
      model_options_(model_options_of(options)),
      store_(DType::f32, static_cast<uint64_t>(options.seed)),
      optimizer_(OptimizerOptions{}) {
  const ModelInfo& info = find_model(options_.model);
  if (options_.shape == "taobao-10") {
    schema_ = taobao_schema();
    for (const Field& field : schema_.fields) {
      if (field.vectors.empty()) continue;
      vectors_[field.vectors] = Initializer::normal(0.1).make(
          {field.vocabulary, field.vector_width}, DType::f32, 1, field.vectors);
    }
  } else {
    schema_ = options_.shape == "amazon"     ? history_schema(options_.domains)
              : options_.shape == "sequence" ? sequence_schema(options_.length)
                                             : criteo_schema(options_);
  }
  if (info.learns_sequences) {  // as one trains them on so many items
    model_options_.next_item.loss = "sampled";
    model_options_.next_item.samples = options_.shape == "sequence" ? 0 : 1024;
  }
  if (info.labels > 1) schema_.labels = {"click", "conversion"};
  model_ = info.make(Scope(store_), {schema_, vectors_, model_options_});
  for (uint64_t b = 0; b < kBatches; ++b) batches_.push_back(batch(b, options_.batch_size));
}

Batch Workload::batch(uint64_t number, int64_t rows) const {
  const RandomStream random{static_cast<uint64_t>(options_.seed), 0xBE + number, 0};
  uint64_t element = 0;
  Batch result;
  result.rows = rows;
  Tensor offsets;  // both histories are of one length
  int64_t total = 0;
  for (const Field& field : schema_.fields) {
    if (field.is_list()) {
      if (!offsets.defined()) {
        offsets = Tensor({rows}, DType::i64);
        for (int64_t b = 0; b < rows; ++b) {
          offsets.data<int64_t>()[b] = total;
          total += options_.shape == "sequence"
                       ? field.max_length
                       : static_cast<int64_t>(
                             random.below(static_cast<uint64_t>(field.max_length) + 1, element++));
        }
      }
      Tensor ids({total}, DType::i64);
      for (int64_t i = 0; i < total; ++i)
        ids.data<int64_t>()[i] = 1 + skewed(random.uniform(element++), field.vocabulary - 1);
      result.fields.push_back({ids, offsets, {}});
      continue;
    }
    Tensor ids({rows}, DType::i64);
    for (int64_t b = 0; b < rows; ++b)
      ids.data<int64_t>()[b] = field.input
                                   ? skewed(random.uniform(element++), field.vocabulary)
                                   : static_cast<int64_t>(random.below(
                                         static_cast<uint64_t>(field.vocabulary), element++));
    result.fields.push_back({ids, {}, {}});
    if (field.role == FieldRole::domain) result.domain = ids;
  }
  for (size_t l = 0; l < schema_.labels.size(); ++l) {
    Tensor& label = result.labels.emplace_back(Shape{rows}, DType::f32);
    for (int64_t b = 0; b < rows; ++b)
      label.data<float>()[b] = random.uniform(element++) < 0.25 ? 1.f : 0.f;
  }
  result.label = result.labels[0];
  return result;
}

void Workload::step() {
  const Batch& batch = batches_[next_++ % batches_.size()];
  store_.mode().training = true;
  Tape tape;
  const Var loss = loss_of(*model_, batch);
  const Gradients gradients = backward(loss);
  optimizer_.step(store_, gradients);
}

void Workload::predict(int64_t rows, bool fold) {
  if (batches_[0].rows != rows) batches_ = {batch(0, rows)};
  if (!fold) ++store_.mode().weights_version;
  store_.mode().training = false;
  NoGradient off;
  const Var logit = model_->logit(batches_[0]);
  CTR_ASSERT(logit.value().count() == rows);
}

}  // namespace ctr
