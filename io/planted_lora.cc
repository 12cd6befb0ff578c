#include "io/planted_lora.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "engine/check.h"
#include "engine/rng.h"
#include "io/simulation.h"

namespace ctr {
namespace {

enum Stream : uint64_t { kUser = 101, kItem, kShared, kLeft, kRight, kHead, kOffset, kDraw };

constexpr double kUnitMean = 0.3989422804014327;  // of relu(z), z standard normal

// Takes out of v its part along u.
void remove_along(std::span<double> v, std::span<const double> u) {
  const double share = std::inner_product(v.begin(), v.end(), u.begin(), 0.0) /
                       std::inner_product(u.begin(), u.end(), u.begin(), 0.0);
  for (size_t k = 0; k < v.size(); ++k) v[k] -= share * u[k];
}

// Makes vectors that lie one after the other orthogonal to each other, and to `away` where there is
// one, and of length 1 (Gram and Schmidt).
void orthonormalise(std::span<double> vectors, size_t length, std::span<const double> away = {}) {
  for (size_t begin = 0; begin < vectors.size(); begin += length) {
    const std::span<double> v = vectors.subspan(begin, length);
    if (!away.empty()) remove_along(v, away);
    for (size_t j = 0; j < begin; j += length) remove_along(v, vectors.subspan(j, length));
    const double norm = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    for (double& x : v) x /= norm;
  }
}

// What the labels are drawn from.
class Planted {
 public:
  explicit Planted(const PlantedLoraOptions& o)
      : o_(o),
        in_(2 * o.width),
        users_(normals(seed(), kUser, o.users * o.width)),
        items_(normals(seed(), kItem, o.items * o.width)),
        shared_(normals(seed(), kShared, in_ * o.hidden)),
        left_(normals(seed(), kLeft, o.domains * in_ * o.rank)),
        right_(normals(seed(), kRight, o.domains * o.rank * o.hidden)),
        head_(normals(seed(), kHead, o.hidden)),
        offset_(normals(seed(), kOffset, o.domains)) {
    for (int64_t d = 0; d < o.domains; ++d) {
      orthonormalise(part(left_, d, in_), static_cast<size_t>(in_));
      orthonormalise(part(right_, d, o.hidden), static_cast<size_t>(o.hidden), head_);
      sums_.push_back(sum_of(d));
    }
  }

  uint64_t seed() const { return static_cast<uint64_t>(o_.seed); }
  const std::vector<double>& users() const { return users_; }
  const std::vector<double>& items() const { return items_; }

  double probability(int64_t user, int64_t item, int64_t domain) const {
    const double* u = &users_[static_cast<size_t>(user * o_.width)];
    const double* c = &items_[static_cast<size_t>(item * o_.width)];
    const std::vector<double>& weight = sums_[static_cast<size_t>(domain)];
    const double mean = kUnitMean * std::sqrt(1 + (o_.rank > 0 ? o_.shift * o_.shift : 0));
    double sum = 0;
    for (int64_t k = 0; k < o_.hidden; ++k) {
      double z = 0;
      for (int64_t i = 0; i < in_; ++i)
        z += (i < o_.width ? u[i] : c[i - o_.width]) *
             weight[static_cast<size_t>(i * o_.hidden + k)];
      sum += head_[static_cast<size_t>(k)] * (std::max(z, 0.0) - mean);
    }
    const double scale = o_.gain / std::sqrt(static_cast<double>(o_.hidden));
    return logistic(0.3 * offset_[static_cast<size_t>(domain)] + scale * sum);
  }

 private:
  // A domain's vectors of this length, one for each rank.
  std::span<double> part(std::vector<double>& all, int64_t domain, int64_t length) const {
    const auto count = static_cast<size_t>(o_.rank * length);
    return std::span(all).subspan(static_cast<size_t>(domain) * count, count);
  }

  // W + A_d B_d
  std::vector<double> sum_of(int64_t domain) {
    const std::span<double> a = part(left_, domain, in_), b = part(right_, domain, o_.hidden);
    const auto in = static_cast<size_t>(in_), hidden = static_cast<size_t>(o_.hidden);
    const double shared = 1 / std::sqrt(static_cast<double>(in_));
    // Σ_ik (A_d B_d)²_ik = rank, which this spreads over the units.
    const double own = o_.shift * std::sqrt(static_cast<double>(o_.hidden) /
                                            static_cast<double>(std::max<int64_t>(o_.rank, 1)));
    std::vector<double> sum = shared_;
    for (size_t i = 0; i < in; ++i)
      for (size_t k = 0; k < hidden; ++k) {
        double& w = sum[i * hidden + k];
        w *= shared;
        for (size_t r = 0; r < static_cast<size_t>(o_.rank); ++r)
          w += own * a[r * in + i] * b[r * hidden + k];
      }
    return sum;
  }

  const PlantedLoraOptions& o_;
  int64_t in_;
  std::vector<double> users_, items_, shared_, left_, right_, head_, offset_;
  std::vector<std::vector<double>> sums_;  // by domain
};

Schema schema_of(const PlantedLoraOptions& o) {
  Schema schema;
  schema.name = "planted-lora";
  schema.domains = o.domains;
  schema.fields = {
      {"user", FieldType::categorical, o.users, FieldRole::user, false, "user", o.width},
      {"item", FieldType::categorical, o.items, FieldRole::item, false, "item", o.width},
      {"domain", FieldType::categorical, o.domains, FieldRole::domain, false, "", 0}};
  for (int64_t d = 0; d < o.domains; ++d)
    schema.domain_names.push_back("domain " + std::to_string(d));
  return schema;
}

// Where u in (0, 1) falls among the domains' shares.
class LongTail {
 public:
  LongTail(int64_t domains, double tail) {
    double sum = 0;
    for (int64_t d = 0; d < domains; ++d)
      ends_.push_back(sum += std::pow(static_cast<double>(d + 1), -tail));
  }
  int64_t at(double u) const {
    const auto found = std::upper_bound(ends_.begin(), ends_.end(), u * ends_.back());
    return std::min<int64_t>(found - ends_.begin(), std::ssize(ends_) - 1);
  }

 private:
  std::vector<double> ends_;
};

}  // namespace

OptionList PlantedLoraOptions::list() {
  OptionList list;
  list.add({"rank", &rank, "of the domains' shifts", {}, 0, 16});
  list.add({"domains", &domains, "", {}, 1, 10'000});
  list.add({"rows", &rows, "of all splits", {}, 100, 1e9});
  list.add({"users", &users, "", {}, 1, 1e8});
  list.add({"items", &items, "", {}, 1, 1e8});
  list.add({"width", &width, "of the given vectors", {}, 1, 1024});
  list.add({"hidden", &hidden, "units of the planted layer", {}, 1, 1024});
  list.add({"shift", &shift, "size of the shifts beside the shared weights", {}, 0, 100});
  list.add({"gain", &gain, "of the logits", {}, 0, 100});
  list.add({"tail", &tail, "domain d has a share of (d + 1)^-tail", {}, 0, 10});
  list.add({"seed", &seed, "", {}, 0, 9e15});
  return list;
}

void simulate_planted_lora(const PlantedLoraOptions& o, const std::string& target) {
  CTR_CHECK(o.rank <= 2 * o.width && o.rank < o.hidden,
            "planted-lora: shifts of rank {} need as many inputs and more units, got {} and {}",
            o.rank, 2 * o.width, o.hidden);
  const Planted world(o);
  const LongTail tail(o.domains, o.tail);
  const Schema schema = schema_of(o);
  DatasetWriter writer(target);
  writer.begin_rows(schema);
  const RandomStream random{world.seed(), kDraw, 0};
  uint64_t element = 0;
  auto drawn = [&](int64_t count) {
    return static_cast<int32_t>(random.below(static_cast<uint64_t>(count), element++));
  };
  std::vector<double> probabilities;  // of the test split
  std::vector<float> clicks;
  const int64_t sizes[] = {o.rows * 6 / 10, o.rows * 2 / 10,
                           o.rows - o.rows * 6 / 10 - o.rows * 2 / 10};
  for (Split split : {Split::train, Split::valid, Split::test}) {
    Columns columns = Columns::empty(schema);
    for (; columns.rows < sizes[static_cast<size_t>(split)]; ++columns.rows) {
      const auto domain = static_cast<int32_t>(tail.at(random.uniform(element++)));
      const int32_t user = drawn(o.users), item = drawn(o.items);
      const double p = world.probability(user, item, domain);
      columns.fields[0].ids.push_back(user);
      columns.fields[1].ids.push_back(item);
      columns.fields[2].ids.push_back(domain);
      columns.labels[0].push_back(random.uniform(element++) < p ? 1.f : 0.f);
      if (split == Split::test) probabilities.push_back(p);
    }
    if (split == Split::test) clicks = columns.labels[0];
    writer.add(split, columns);
  }
  writer.commit("simulated by ctrengine: domains that differ by planted low-rank shifts",
                fmt::format("simulated data: {} domains, shifts of rank {}", o.domains, o.rank),
                best_facts(probabilities, clicks),
                {{"user", given_vectors(world.users(), o.width)},
                 {"item", given_vectors(world.items(), o.width)}});
}

}  // namespace ctr
