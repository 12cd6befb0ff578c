// Rows by domain, batches of chosen rows, and rows of a batch.

#include "io/domain_rows.h"

#include <set>

#include "io/batch_loader.h"
#include "io/batch_rows.h"
#include "io/fewer_rows.h"
#include "io/only_domains.h"
#include "tests/tools/made_data.h"

namespace ctr {
namespace {

class ByDomain : public MadeData {
 protected:
  static constexpr int64_t kRows = 150;
  Schema schema;
  Dataset data;

  // Row r: id r, domain r % 4 but never 2, a list of r % 3 ids, label r % 2.
  void SetUp() override {
    MadeData::SetUp();
    schema.name = "made";
    schema.domains = 4;
    schema.fields.resize(4);
    schema.fields[0] = {"id", FieldType::categorical, kRows, FieldRole::group};
    schema.fields[1] = {"domain", FieldType::categorical, 4, FieldRole::domain};
    schema.fields[2] = {"list", FieldType::multivalued, kRows};
    schema.fields[3] = {"number", FieldType::numeric};
    data = make("data", schema, {kRows, 0, 0}, [](Split, int64_t row, Columns& columns) {
      const auto r = static_cast<int32_t>(row);
      columns.fields[0].ids.push_back(r);
      columns.fields[1].ids.push_back(domain_of(row));
      for (int32_t i = 0; i < r % 3; ++i) columns.fields[2].ids.push_back(r);
      columns.fields[2].offsets.push_back(std::ssize(columns.fields[2].ids));
      columns.fields[3].numbers.push_back(static_cast<float>(r));
      columns.labels[0].push_back(static_cast<float>(r % 2));
    });
  }
  static int32_t domain_of(int64_t row) { return row % 4 == 2 ? 0 : static_cast<int32_t>(row % 4); }
};

TEST_F(ByDomain, EachRowIsInItsDomain) {
  DomainRows rows(data, Split::train);
  EXPECT_EQ(rows.domains(), 4);
  EXPECT_EQ(rows.present(), (std::vector<int64_t>{0, 1, 3}));
  for (int pass = 0; pass < 2; ++pass) {
    size_t count = 0;
    for (int64_t d = 0; d < 4; ++d) {
      count += rows.of(d).size();
      for (const uint32_t row : rows.of(d)) EXPECT_EQ(domain_of(row), d);
      EXPECT_EQ(std::is_sorted(rows.of(d).begin(), rows.of(d).end()), pass == 0 || d == 2);
    }
    EXPECT_EQ(count, static_cast<size_t>(kRows));
    rows.mix(7);
  }
  EXPECT_TRUE(DomainRows(data, Split::test).present().empty());
}

// Of a set that is read in part, rows are counted among those read; a part of a part is a part.
TEST_F(ByDomain, SomeDomainsAreASetOfTheirOwn) {
  const Dataset some = only_domains(data, {"1", "3"});
  const DomainRows rows(some, Split::train);
  EXPECT_EQ(rows.present(), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(rows.of(3)[0], 1u);  // rows 1, 3, 5, 7 … are read
  EXPECT_EQ(rows.of(1)[1], 2u);
  LoaderOptions options;
  options.rows = rows.of(3);
  BatchLoader part(some, Split::train, options);
  Batch batch;
  ASSERT_TRUE(part.next(batch));
  EXPECT_EQ(batch.rows, std::ssize(rows.of(3)));
  const Dataset three = only_domains(some, {"3"});
  BatchLoader all(three, Split::train, {});
  Batch other;
  ASSERT_TRUE(all.next(other));
  ASSERT_EQ(other.rows, batch.rows);
  for (int64_t i = 0; i < batch.rows; ++i) {
    EXPECT_EQ(batch.row.data<int64_t>()[i], 4 * i + 3);
    EXPECT_EQ(other.row.data<int64_t>()[i], 4 * i + 3);
  }
}

TEST_F(ByDomain, LoaderReadsChosenRowsAlone) {
  const DomainRows rows(data, Split::train);
  LoaderOptions options;
  options.batch_size = 10;
  options.shuffle = true;
  options.rows = rows.of(3);
  std::multiset<int64_t> seen;
  std::vector<int64_t> order;
  BatchLoader loader(data, Split::train, options);
  EXPECT_EQ(loader.batches(), 4);
  for (Batch batch; loader.next(batch);)
    for (int64_t i = 0; i < batch.rows; ++i) {
      const int64_t row = batch.row.data<int64_t>()[i];
      EXPECT_EQ(batch.domain.data<int64_t>()[i], 3);
      EXPECT_EQ(batch.fields[0].ids.data<int64_t>()[i], row);
      order.push_back(row);
      seen.insert(row);
    }
  EXPECT_EQ(seen, std::multiset<int64_t>(rows.of(3).begin(), rows.of(3).end()));
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(ByDomain, FewerRowsArePartOfMore) {
  const auto rows = [](const Dataset& of, int64_t count, uint64_t seed) {
    return *fewer_rows(of, count, seed).chosen[0];
  };
  const std::vector<uint32_t> five = rows(data, 5, 1), ten = rows(data, 10, 1);
  EXPECT_EQ(five, (std::vector<uint32_t>{0, 26, 98, 100, 149})) << "the same on any machine";
  EXPECT_EQ(ten.size(), 10u);
  EXPECT_TRUE(std::is_sorted(ten.begin(), ten.end()));
  EXPECT_TRUE(std::includes(ten.begin(), ten.end(), five.begin(), five.end()));
  EXPECT_NE(rows(data, 5, 2), five);
  EXPECT_EQ(fewer_rows(data, kRows, 1).chosen[0], nullptr);
  EXPECT_EQ(fewer_rows(data, 0, 1).chosen[0], nullptr);
  const Dataset third = only_domains(data, {"3"});  // drawn from what is read
  for (const uint32_t row : rows(third, 7, 1)) EXPECT_EQ(domain_of(row), 3);
  EXPECT_EQ(fewer_rows(third, 7, 1).rows(Split::train), 7);
  std::vector<int> drawn(kRows);  // by 600 seeds: 20 times each, within five deviations
  for (uint64_t seed = 0; seed < 600; ++seed)
    for (const uint32_t row : rows(data, 5, seed)) ++drawn[row];
  EXPECT_GT(*std::min_element(drawn.begin(), drawn.end()), 0);
  EXPECT_LT(*std::max_element(drawn.begin(), drawn.end()), 43);
}

TEST_F(ByDomain, RowsOfABatchAreABatch) {
  LoaderOptions options;
  options.batch_size = 20;
  BatchLoader loader(data, Split::train, options);
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  const std::vector<int64_t> places = {19, 3, 4, 5};
  const Batch part = rows_of(batch, places);
  EXPECT_EQ(part.rows, 4);
  int64_t at = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    const int64_t r = places[i];
    EXPECT_EQ(part.fields[0].ids.data<int64_t>()[i], r);
    EXPECT_EQ(part.group.data<int64_t>()[i], r);
    EXPECT_EQ(part.row.data<int64_t>()[i], r);
    EXPECT_EQ(part.domain.data<int64_t>()[i], domain_of(r));
    EXPECT_EQ(part.fields[2].offsets.data<int64_t>()[i], at);
    for (int64_t k = 0; k < r % 3; ++k) EXPECT_EQ(part.fields[2].ids.data<int64_t>()[at++], r);
    EXPECT_EQ(part.fields[3].values.data<float>()[i], static_cast<float>(r));
    EXPECT_EQ(part.label.data<float>()[i], static_cast<float>(r % 2));
  }
  EXPECT_EQ(part.fields[2].ids.count(), at);
}

}  // namespace
}  // namespace ctr
