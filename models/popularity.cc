// Smoothed item rate: the baseline that every model must beat.
//   p(item) = (clicks + a m) / (shown + a),  m the overall rate, a = 20 imaginary impressions

#include <cmath>

#include "engine/check.h"
#include "models/model.h"

namespace ctr {
namespace {

constexpr double kPrior = 20;

class Popularity : public Model {
 public:
  Popularity(const Scope& scope, const ModelContext& context) {
    field_ = context.schema.index_of(FieldRole::item);
    CTR_CHECK(field_ >= 0,
              "popularity: data set '{}' marks no item field; name it when it is prepared, as with "
              "--item COLUMN",
              context.schema.name);
    const Field& field = context.schema.fields[static_cast<size_t>(field_)];
    first_item_ = field.first_token();
    const int64_t items = field.vocabulary;
    counts_ = scope.frozen_table("counts", Tensor::zeros({items + 1, 2}, scope.dtype()))
                  .value;  // last row: all items
  }

  bool counts() const override { return true; }

  void observe(const Batch& batch) override {
    visit_float(counts_.dtype(), "popularity", [&](auto zero) {
      using T = decltype(zero);
      T* counts = counts_.data<T>();
      const int64_t last = counts_.dim(0) - 1;
      const Tensor label = batch.label.cast(counts_.dtype());
      const int64_t* ids = batch.fields[static_cast<size_t>(field_)].ids.data<int64_t>();
      for (int64_t b = 0; b < batch.rows; ++b) {
        for (int64_t row : {ids[b], last}) {
          counts[2 * row] += label.data<T>()[b];
          counts[2 * row + 1] += T(1);
        }
      }
    });
  }

  Var logit(const Batch& batch) const override {
    Tensor result({batch.rows, 1}, counts_.dtype());
    visit_float(counts_.dtype(), "popularity", [&](auto zero) {
      using T = decltype(zero);
      const T* counts = counts_.data<T>();
      const int64_t last = counts_.dim(0) - 1;
      const double mean = (static_cast<double>(counts[2 * last]) + 1) /
                          (static_cast<double>(counts[2 * last + 1]) + 2);
      const int64_t* ids = batch.fields[static_cast<size_t>(field_)].ids.data<int64_t>();
      for (int64_t b = 0; b < batch.rows; ++b) {
        double p = (static_cast<double>(counts[2 * ids[b]]) + kPrior * mean) /
                   (static_cast<double>(counts[2 * ids[b] + 1]) + kPrior);
        result.data<T>()[b] = static_cast<T>(std::log(p / (1 - p)));
      }
    });
    return Var(result);
  }

  // By clicks: the rate of an item that was always clicked says nothing of how often it was shown.
  ItemVectors item_vectors(const Batch& batch) const override {
    const int64_t items = counts_.dim(0) - 1;
    Tensor clicks({items, 1}, counts_.dtype());
    visit_float(counts_.dtype(), "popularity", [&](auto zero) {
      using T = decltype(zero);
      for (int64_t item = 0; item < items; ++item)
        clicks.data<T>()[item] = counts_.data<T>()[2 * item];
    });
    return {Tensor::full({batch.rows, 1}, counts_.dtype(), 1), clicks, {}, field_, first_item_};
  }

 private:
  int64_t field_ = -1, first_item_ = 1;
  Tensor counts_;  // [items + 1, 2]: clicks and impressions; shares the parameter's storage
};

}  // namespace

ModelInfo model_popularity() {
  return {.name = "popularity",
          .title = "smoothed click rate of the item",
          .paper = "baseline",
          .make = [](const Scope& scope, const ModelContext& context) {
            return std::make_unique<Popularity>(scope, context);
          }};
}

}  // namespace ctr
