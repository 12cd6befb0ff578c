#include "tools/encoding_report.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

#include "engine/check.h"
#include "ops/hashing/hashing.h"
#include "ops/linear/row_groups.h"

namespace ctr {
namespace {

constexpr int64_t kMostPairs = 20000;
constexpr int64_t kPairsAtOnce = 1000;
constexpr double kLogFloor = 1e-12;

using Pairs = std::vector<std::pair<int64_t, int64_t>>;

// All pairs of different ids, or a sample of them.
Pairs pairs_of(int64_t ids, int64_t seed) {
  Pairs pairs;
  if (ids * (ids - 1) / 2 <= kMostPairs) {
    for (int64_t i = 0; i < ids; ++i)
      for (int64_t j = 0; j < i; ++j) pairs.emplace_back(i, j);
    return pairs;
  }
  const RandomStream random{static_cast<uint64_t>(seed), 0xE9C0, 0};
  for (uint64_t e = 0; std::ssize(pairs) < kMostPairs; e += 2) {
    const auto bound = static_cast<uint64_t>(ids);
    const auto i = static_cast<int64_t>(random.below(bound, e)),
               j = static_cast<int64_t>(random.below(bound, e + 1));
    if (i != j) pairs.emplace_back(i, j);
  }
  return pairs;
}

void set_distances(EncodingProperties& result, const std::vector<double>& squares) {
  const auto count = static_cast<double>(squares.size());
  double sum = 0, variance = 0;
  for (double square : squares) sum += std::sqrt(square);
  result.distance = sum / count;
  for (double square : squares)
    variance += (std::sqrt(square) - result.distance) * (std::sqrt(square) - result.distance);
  result.distance_spread = std::sqrt(variance / count) / result.distance;
}

// −Σ p log2 p for p = count / total, one term.
double bits(double count, double total) {
  return count == 0 ? 0 : -count / total * std::log2(count / total);
}

// Of the values' distribution. Sorts them.
template <class T>
double entropy(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (auto at = values.begin(); at != values.end();) {
    const auto end = std::upper_bound(at, values.end(), *at);
    sum += bits(static_cast<double>(end - at), static_cast<double>(values.size()));
    at = end;
  }
  return sum;
}

int64_t count_alone(const RowGroups& groups) {
  int64_t alone = 0;
  for (int64_t g = 0; g < groups.count(); ++g) alone += std::ssize(groups.rows_of(g)) == 1;
  return alone;
}

// Codes with a one in each of k blocks of m dimensions: `places` holds it for each id, [ids, k].
EncodingProperties k_hot(const std::string& name, const Tensor& places, int64_t m,
                         const Pairs& pairs) {
  const int64_t ids = places.dim(0), k = places.dim(1);
  const auto* at = places.data<int64_t>();
  EncodingProperties result{name, k * m};
  std::vector<Tensor> columns;
  for (int64_t j = 0; j < k; ++j) {
    columns.emplace_back(Shape({ids}), DType::i64);
    std::vector<int64_t> ones(static_cast<size_t>(m));
    for (int64_t i = 0; i < ids; ++i) {
      columns.back().data<int64_t>()[i] = at[i * k + j];
      ++ones[static_cast<size_t>(at[i * k + j])];
    }
    const auto total = static_cast<double>(ids);
    for (int64_t count : ones) {
      const auto set = static_cast<double>(count);
      result.entropy += (bits(set, total) + bits(total - set, total)) / static_cast<double>(k * m);
    }
  }
  result.unique = count_alone(group_by_ids(columns));
  std::vector<double> squares;
  for (const auto& [i, j] : pairs) {
    squares.push_back(0);
    for (int64_t block = 0; block < k; ++block)
      squares.back() += at[i * k + block] == at[j * k + block] ? 0 : 2;
  }
  set_distances(result, squares);
  return result;
}

EncodingProperties binary(int64_t ids, const Pairs& pairs) {
  const int width = std::bit_width(static_cast<uint64_t>(ids - 1));
  EncodingProperties result{"binary", width, ids};
  for (int bit = 0; bit < width; ++bit) {
    double ones = 0;
    for (int64_t i = 0; i < ids; ++i) ones += static_cast<double>(i >> bit & 1);
    const auto total = static_cast<double>(ids);
    result.entropy += (bits(ones, total) + bits(total - ones, total)) / width;
  }
  std::vector<double> squares;
  for (const auto& [i, j] : pairs)
    squares.push_back(std::popcount(static_cast<uint64_t>(i) ^ static_cast<uint64_t>(j)));
  set_distances(result, squares);
  return result;
}

Tensor first_ids(int64_t ids) {
  Tensor all({ids}, DType::i64);
  for (int64_t i = 0; i < ids; ++i) all.data<int64_t>()[i] = i;
  return all;
}

// Hash functions [begin, end) of a family.
HashFamily part(const HashFamily& family, int64_t begin, int64_t end) {
  return {family.a.rows(begin, end), family.b.rows(begin, end), family.p.rows(begin, end),
          family.buckets};
}

// Ids whose code no other id has, exactly: grouped by hash function after hash function until each
// id stands alone.
int64_t count_unique(const Tensor& ids, const HashFamily& family) {
  RowGroups groups;
  for (int64_t j = 0; j < family.hashes(); ++j) {
    std::vector<Tensor> by;
    if (groups.defined()) by.push_back(groups.of);
    by.push_back(hash_ids(ids, part(family, j, j + 1)).reshaped({ids.count()}));
    groups = group_by_ids(by);
    if (groups.count() == ids.count()) break;
  }
  return count_alone(groups);
}

std::vector<double> squared_distances(const HashFamily& family, HashEncoding encoding,
                                      const Pairs& pairs) {
  std::vector<double> squares;
  for (auto at = pairs.begin(); at != pairs.end();) {
    const auto end = at + std::min<int64_t>(kPairsAtOnce, pairs.end() - at);
    std::vector<int64_t> ids;
    for (; at != end; ++at) ids.insert(ids.end(), {at->first, at->second});
    const Tensor code = hash_encoding(Tensor::from<int64_t>({std::ssize(ids)}, ids), family,
                                      encoding, kLogFloor, DType::f64)
                            .value();
    const int64_t k = family.hashes();
    for (int64_t pair = 0; pair < code.dim(0) / 2; ++pair) {
      const double* first = code.data<double>() + 2 * pair * k;
      double sum = 0;
      for (int64_t j = 0; j < k; ++j) sum += (first[j] - first[k + j]) * (first[j] - first[k + j]);
      squares.push_back(sum);
    }
  }
  return squares;
}

EncodingProperties deep_hash(const std::string& name, HashEncoding encoding,
                             const HashFamily& family, const Tensor& ids, const Pairs& pairs) {
  const int64_t k = family.hashes(), count = ids.count();
  EncodingProperties result{name, k, count_unique(ids, family)};
  for (int64_t j = 0; j < k; j += 2) {
    const Tensor code =
        hash_encoding(ids, part(family, j, j + 2), encoding, kLogFloor, DType::f64).value();
    for (int64_t column = 0; column < 2; ++column) {
      std::vector<double> values;
      for (int64_t i = 0; i < count; ++i) values.push_back(code.data<double>()[2 * i + column]);
      result.entropy += entropy(values) / static_cast<double>(k);
    }
  }
  set_distances(result, squared_distances(family, encoding, pairs));
  return result;
}

}  // namespace

EncodingReport report_encodings(const EncodingOptions& options) {
  CTR_CHECK(options.ids > 1, "inspect: --encoding compares ids, got {}; set --ids to 2 or more",
            options.ids);
  CTR_CHECK(options.dhe_hashes % 2 == 0,
            "inspect: the Gaussian encoding takes hashes in pairs, got {}; use an even "
            "--dhe-hashes",
            options.dhe_hashes);
  const Pairs pairs = pairs_of(options.ids, options.seed);
  EncodingReport report{
      options, std::log2(static_cast<double>(options.ids)), std::ssize(pairs), {}};
  const Tensor ids = first_ids(options.ids);
  const auto seed = static_cast<uint64_t>(options.seed);
  const auto family = [&](int64_t hashes, int64_t buckets, uint64_t stream) {
    return draw_hash_family(hashes, buckets, options.ids, {seed, stream, 0});
  };
  auto& all = report.encodings;
  all.push_back(k_hot("one-hot", ids.reshaped({options.ids, 1}), options.ids, pairs));
  all.push_back(binary(options.ids, pairs));
  all.push_back(
      k_hot("hash", hash_ids(ids, family(1, options.hash_rows, 1)), options.hash_rows, pairs));
  all.push_back(k_hot("double hash", hash_ids(ids, family(2, options.hash_rows, 2)),
                      options.hash_rows, pairs));
  const HashFamily many = family(options.dhe_hashes, options.dhe_buckets, 3);
  all.push_back(deep_hash("dhe uniform", HashEncoding::uniform, many, ids, pairs));
  all.push_back(deep_hash("dhe gaussian", HashEncoding::gaussian, many, ids, pairs));
  return report;
}

std::string text_of(const EncodingReport& report) {
  const EncodingOptions& o = report.options;
  std::string text = fmt::format(
      "codes of the ids 0 to {}; hash into {} rows; DHE of {} hashes into {} buckets; seed {}\n"
      "distances of {} pairs; spread: their deviation over their mean; entropy: bits of a "
      "dimension, at most {:.2f}\n\n"
      "{:<14}{:>10}{:>12}{:>11}{:>9}{:>10}\n",
      o.ids - 1, o.hash_rows, o.dhe_hashes, o.dhe_buckets, o.seed, report.pairs,
      report.most_entropy, "encoding", "dimension", "unique", "distance", "spread", "entropy");
  for (const EncodingProperties& e : report.encodings) {
    fmt::format_to(std::back_inserter(text), "{:<14}{:>10}{:>10.2f} %{:>11.4f}{:>9.4f}{:>10.4f}\n",
                   e.name, e.dimension,
                   100 * static_cast<double>(e.unique) / static_cast<double>(o.ids), e.distance,
                   e.distance_spread, e.entropy);
  }
  return text;
}

}  // namespace ctr
