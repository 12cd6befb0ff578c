#include "io/simulated_taobao.h"

#include <algorithm>

#include "engine/rng.h"
#include "io/simulation.h"

namespace ctr {
namespace {

constexpr int64_t kUsers = 23778, kItems = 6932, kRows = 172979, kDomains = 10, kWidth = 128,
                  kLatent = 4;
constexpr double kShares[kDomains] = {.22, .17, .14, .12, .10, .08, .06, .05, .035, .025};
constexpr double kVectorNoise = 0.05;
constexpr double kInteraction = 1.1, kShift = 1.1, kItemEffect = 0.45, kUserEffect = 0.35;

enum Stream : uint64_t {
  kUserLatent = 1,
  kItemLatent,
  kUserMap,
  kItemMap,
  kNoise,
  kCore,
  kShifts,
  kEffects,
  kDraw
};

// What the labels are drawn from.
struct World {
  std::vector<double> users, items;       // [.., kLatent]
  std::vector<double> core, left, right;  // M [kLatent, kLatent]; A, B [kDomains, kLatent]
  std::vector<double> effects;            // β, γ [kLatent], b [kDomains]

  explicit World(uint64_t seed)
      : users(normals(seed, kUserLatent, kUsers * kLatent)),
        items(normals(seed, kItemLatent, kItems * kLatent)),
        core(normals(seed, kCore, kLatent * kLatent)),
        left(normals(seed, kShifts, 2 * kDomains * kLatent)),
        right(left.begin() + kDomains * kLatent, left.end()),
        effects(normals(seed, kEffects, 2 * kLatent + kDomains)) {}

  double probability(int64_t user, int64_t item, int64_t domain) const {
    const double* a = &users[static_cast<size_t>(user * kLatent)];
    const double* c = &items[static_cast<size_t>(item * kLatent)];
    const double* l = &left[static_cast<size_t>(domain * kLatent)];
    const double* r = &right[static_cast<size_t>(domain * kLatent)];
    double core_sum = 0, left_sum = 0, right_sum = 0, item_effect = 0, user_effect = 0;
    for (int64_t i = 0; i < kLatent; ++i) {
      for (int64_t k = 0; k < kLatent; ++k)
        core_sum += a[i] * core[static_cast<size_t>(i * kLatent + k)] * c[k];
      left_sum += a[i] * l[i];
      right_sum += c[i] * r[i];
      item_effect += effects[static_cast<size_t>(i)] * c[i];
      user_effect += effects[static_cast<size_t>(kLatent + i)] * a[i];
    }
    const double scale = 1.0 / kLatent;
    double logit = -1.0 + 0.3 * effects[static_cast<size_t>(2 * kLatent + domain)] +
                   kItemEffect * item_effect + kUserEffect * user_effect +
                   scale * (kInteraction * core_sum + kShift * left_sum * right_sum);
    return logistic(logit);
  }
};

// Given vectors: the latent ones through a random map, with a little noise.
Tensor vectors_of(uint64_t seed, Stream map_stream, const std::vector<double>& latent,
                  int64_t rows) {
  const std::vector<double> map = normals(seed, map_stream, kLatent * kWidth);
  const RandomStream noise{seed, kNoise, static_cast<uint32_t>(map_stream)};
  Tensor vectors({rows, kWidth}, DType::f32);
  float* x = vectors.data<float>();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t k = 0; k < kWidth; ++k) {
      double sum = kVectorNoise * noise.normal(static_cast<uint64_t>(row * kWidth + k));
      for (int64_t r = 0; r < kLatent; ++r) {
        sum += latent[static_cast<size_t>(row * kLatent + r)] *
               map[static_cast<size_t>(r * kWidth + k)] / 8;
      }
      x[row * kWidth + k] = static_cast<float>(sum);
    }
  }
  return vectors;
}

// Skewed towards small ids: floor(n u²).
int64_t skewed(double u, int64_t n) {
  return std::min(n - 1, static_cast<int64_t>(static_cast<double>(n) * u * u));
}

int64_t domain_at(double u) {
  for (int64_t d = 0; d < kDomains - 1; ++d) {
    if (u < kShares[d]) return d;
    u -= kShares[d];
  }
  return kDomains - 1;
}

Schema taobao_schema() {
  Schema schema;
  schema.name = "taobao";
  schema.domains = kDomains;
  schema.fields = {{"user", FieldType::categorical, kUsers, FieldRole::user, false, "user", kWidth},
                   {"item", FieldType::categorical, kItems, FieldRole::item, false, "item", kWidth},
                   {"domain", FieldType::categorical, kDomains, FieldRole::domain, false, "", 0}};
  for (int64_t d = 0; d < kDomains; ++d)
    schema.domain_names.push_back("theme " + std::to_string(d + 1));
  return schema;
}

// One impression: who saw what where, and whether it was clicked.
struct Impression {
  int64_t user, item, domain;
  double probability;
  bool click;
};

Impression draw(const World& world, const RandomStream& random, uint64_t& element) {
  Impression row{};
  row.domain = domain_at(random.uniform(element++));
  row.user = skewed(random.uniform(element++), kUsers);
  row.item = skewed(random.uniform(element++), kItems);
  row.probability = world.probability(row.user, row.item, row.domain);
  row.click = random.uniform(element++) < row.probability;
  return row;
}

}  // namespace

void simulate_taobao(uint64_t seed, const std::string& target) {
  const World world(seed);
  const Schema schema = taobao_schema();
  DatasetWriter writer(target);
  writer.begin_rows(schema);
  const int64_t sizes[] = {kRows * 6 / 10, kRows * 2 / 10, kRows - kRows * 6 / 10 - kRows * 2 / 10};
  const RandomStream random{seed, kDraw, 0};
  uint64_t element = 0;
  std::vector<double> probabilities;  // of the test split
  std::vector<float> clicks;
  for (Split split : {Split::train, Split::valid, Split::test}) {
    Columns columns = Columns::empty(schema);
    for (; columns.rows < sizes[static_cast<size_t>(split)]; ++columns.rows) {
      const Impression row = draw(world, random, element);
      columns.fields[0].ids.push_back(static_cast<int32_t>(row.user));
      columns.fields[1].ids.push_back(static_cast<int32_t>(row.item));
      columns.fields[2].ids.push_back(static_cast<int32_t>(row.domain));
      columns.labels[0].push_back(row.click ? 1.f : 0.f);
      if (split == Split::test) probabilities.push_back(row.probability);
    }
    if (split == Split::test) clicks = columns.labels[0];
    writer.add(split, columns);
  }
  writer.commit("simulated by ctrengine in the shape of Taobao-10 (MLoRA, RecSys 2024)",
                "simulated data in the shape of Taobao-10, made by ctrengine; `ctrengine prepare "
                "taobao` reads the real Tianchi files",
                best_facts(probabilities, clicks),
                {{"user", vectors_of(seed, kUserMap, world.users, kUsers)},
                 {"item", vectors_of(seed, kItemMap, world.items, kItems)}});
}

}  // namespace ctr
