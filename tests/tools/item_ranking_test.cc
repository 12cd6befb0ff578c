// Where items stand among all, and the best of them.

#include "models/item_ranking.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/tools/closed_form.h"
#include "tools/model_check.h"

namespace ctr {
namespace {

using closed_form::ids;

// The scores <user_b, table_v> + bias_v of rows whose own items and labels are given.
struct Scored {
  ItemVectors vectors;
  Batch batch;

  Scored(ItemVectors all, const std::vector<int64_t>& item, const std::vector<double>& label)
      : vectors(std::move(all)) {
    vectors.field = 0;
    batch.rows = std::ssize(item);
    batch.fields = {{ids({batch.rows}, item), {}, {}}};
    batch.label = Tensor::from<double>({batch.rows}, label);
  }
  ItemPlaces places(const RankRule& rule = {}) const { return places_of(vectors, batch, rule); }
};

std::vector<int64_t> values_of(const Tensor& tensor) {
  return {tensor.span<int64_t>().begin(), tensor.span<int64_t>().end()};
}

// Items 1 to 4; the second vector of the last two is one, and a row that is no click has no place.
TEST(PlacesAmongAll, CountsEqualScoresAndLeavesOutIdZero) {
  const Tensor f = Tensor::from<double>({4, 2}, std::vector<double>{1, 0, 0, 1, 0, 1, 1, 0});
  const Tensor table =
      Tensor::from<double>({5, 2}, std::vector<double>{9, 9, 3, 0, 1, 2, 2, 1, 0, 1});
  const Tensor bias = Tensor::from<double>({5, 1}, std::vector<double>{0, 0, 0, 0.5, 0.5});
  const Scored plain({f, table}, {2, 4, 2, 1}, {1, 1, 1, 0});
  const Scored shifted({f, table, bias}, {2, 4, 2, 1}, {1, 1, 1, 0});
  EXPECT_EQ(values_of(plain.places().place), (std::vector<int64_t>{2, 2, 0, -1}));
  EXPECT_EQ(values_of(shifted.places().place), (std::vector<int64_t>{2, 2, 0, -1}));
  // Row 0 has the scores 3, 1, 2, 0.
  const Tensor likely = plain.places().log_probability;
  EXPECT_NEAR(likely.data<double>()[0],
              1 - std::log(std::exp(3) + std::exp(1) + std::exp(2) + std::exp(0)), 1e-12);
  EXPECT_TRUE(std::isnan(likely.data<double>()[3]));
  // Row 1 has the scores 0, 2, 1, 1.
  const TopItems top = top_items(plain.vectors, 3);
  EXPECT_EQ(values_of(top.id), (std::vector<int64_t>{1, 3, 2, 2, 3, 4, 2, 3, 4, 1, 3, 2}));
  EXPECT_EQ(top.score.data<double>()[3], 2);
  EXPECT_EQ(top_items(plain.vectors, 99).id.dim(1), 4);
}

// Id 1 stands for items out of vocabulary.
TEST(PlacesAmongAll, ItemsOutOfVocabularyStandBehindAllAndCountForNone) {
  const Tensor f = Tensor::from<double>({2, 1}, std::vector<double>{1, 1});
  const Tensor table = Tensor::from<double>({5, 1}, std::vector<double>{9, 8, 1, 2, 3});
  Scored scored({f, table}, {1, 3}, {1, 1});
  scored.vectors.first_item = 2;
  const ItemPlaces found = scored.places();
  EXPECT_EQ(values_of(found.place), (std::vector<int64_t>{5, 1}));
  EXPECT_TRUE(std::isnan(found.log_probability.data<double>()[0]));
  EXPECT_EQ(values_of(top_items(scored.vectors, 2).id), (std::vector<int64_t>{4, 3, 4, 3}));
}

// Of ninety-nine drawn among a thousand items of which a tenth are scored higher.
TEST(PlacesAmongSamples, AreAShareOfThePlacesAmongAll) {
  constexpr int64_t kAll = 1001, kRows = 400;
  Tensor table({kAll, 1}, DType::f64);
  for (int64_t v = 0; v < kAll; ++v) table.data<double>()[v] = static_cast<double>(v);
  auto places = [&](int64_t rows, int64_t first_row) {
    const auto count = static_cast<size_t>(rows);
    const Scored scored({Tensor::full({rows, 1}, DType::f64, 1), table},
                        std::vector<int64_t>(count, 900), std::vector<double>(count, 1));
    return values_of(scored.places({99, 3, first_row}).place);
  };
  const std::vector<int64_t> all = places(kRows, 0);
  double mean = 0;
  for (int64_t place : all) mean += static_cast<double>(place) / kRows;
  EXPECT_NEAR(mean, 9.9, 0.6);  // deviation .15
  // Rows are known by their number, whatever batch they come in.
  EXPECT_EQ(places(2, 7), (std::vector<int64_t>{all[7], all[8]}));
}

// As many places as the scores of all items say.
TEST(PlacesAmongAll, AreThoseOfTheModelsScores) {
  const SmallProblem problem = small_problem_of("nextitnet");
  const GivenVectors none;
  for (const char* name : {"nextitnet", "gru4rec", "sasrec", "peterrec"}) {
    ModelOptions options = model_cases(name)[0].options;
    ParameterStore store(DType::f64, 5);
    const auto model = find_model(name).make(Scope(store), {problem.schema, none, options});
    const NoGradient off;
    const Tensor places = places_of(model->item_vectors(problem.batch), problem.batch, {}).place;
    Batch batch = problem.batch;
    std::vector<Tensor> scores;  // of each item in all rows
    for (int64_t item = 1; item < problem.schema.fields[0].vocabulary; ++item) {
      batch.fields[0].ids = ids({batch.rows}, std::vector<int64_t>(8, item));
      scores.push_back(model->logit(batch).value());
    }
    for (int64_t b = 0; b < batch.rows; ++b) {
      const int64_t own = problem.batch.fields[0].ids.data<int64_t>()[b];
      int64_t expected = 0;
      for (const Tensor& one : scores)
        expected += one.data<double>()[b] >= scores[static_cast<size_t>(own - 1)].data<double>()[b];
      const bool click = problem.batch.label.data<double>()[b] > 0.5;
      EXPECT_EQ(places.data<int64_t>()[b], click ? expected - 1 : -1) << name << " row " << b;
    }
  }
}

}  // namespace
}  // namespace ctr
