#include "ops/gather/gather.h"

#include <algorithm>

#include "engine/check.h"
#include "engine/launch.h"
#include "engine/parallel.h"
#include "engine/profile.h"
#include "engine/step_vector.h"
#include "ops/gather/gather_bodies.h"
#include "ops/registry.h"

namespace ctr {
namespace {

void check_table(const char* op, const Var& table) {
  CTR_CHECK(table.rank() == 2, "{}: a table must be [rows, width], got {}", op, table.shape());
}

// Calls f(tables, first) for groups of as many lookups as a body takes.
template <class T, class F>
void for_tables(std::span<const Lookup> lookups, int64_t width, const F& f) {
  const auto fields = static_cast<int64_t>(lookups.size());
  profile_read(fields * lookups[0].ids.count() * width * static_cast<int64_t>(sizeof(T)));
  for (int64_t begin = 0; begin < fields; begin += FieldTables<T>::kMost) {
    FieldTables<T> tables{};
    tables.count = std::min<int64_t>(fields - begin, FieldTables<T>::kMost);
    tables.width = width;
    for (int64_t k = 0; k < tables.count; ++k) {
      const Lookup& lookup = lookups[static_cast<size_t>(begin + k)];
      tables.table[k] = lookup.table.stored().template data<T>();
      tables.ids[k] = lookup.ids.data<int64_t>();
      tables.padding[k] = lookup.padding;
    }
    f(tables, begin);
  }
}

// Gives the rows that are looked up the updates that they lack: several tables at once, a table
// that stands in several lookups by one of them at a time.
void catch_up(std::span<const Lookup> lookups) {
  auto is_first = [&](size_t i) {
    return std::none_of(
        lookups.begin(), lookups.begin() + static_cast<std::ptrdiff_t>(i),
        [&](const Lookup& earlier) { return earlier.table.late() == lookups[i].table.late(); });
  };
  StepVector<size_t> firsts, others;
  for (size_t i = 0; i < lookups.size(); ++i) {
    if (lookups[i].table.late() == nullptr) continue;
    (is_first(i) ? firsts : others).push_back(i);
  }
  if (firsts.empty()) return;
  const auto count = static_cast<int64_t>(firsts.size());
  const Lookup& any = lookups[firsts[0]];
  parallel_tasks(count, 4 * count * any.ids.count() * any.table.dim(1), [&](int64_t i) {
    const Lookup& lookup = lookups[firsts[static_cast<size_t>(i)]];
    lookup.table.catch_up(lookup.ids);
  });
  for (size_t i : others) lookups[i].table.catch_up(lookups[i].ids);
  profile_lap("late rows", 0);
}

Tensor gather_all(std::span<const Lookup> lookups, int64_t rows, int64_t width) {
  catch_up(lookups);
  const Tensor& first = lookups[0].table.stored();
  const auto fields = static_cast<int64_t>(lookups.size());
  Tensor y({rows, fields, width}, first.dtype(), first.device());
  visit_float(first.dtype(), "gather", [&](auto zero) {
    using T = decltype(zero);
    for_tables<T>(lookups, width, [&](const FieldTables<T>& tables, int64_t begin) {
      for_each_2d(y.device(), rows, tables.count,
                  GatherFields<T>{tables, y.data<T>(), fields, begin});
    });
  });
  return y;
}

// What the lookups of several fields have in common, checked.
struct Fields {
  std::vector<Var> tables;
  std::vector<Tensor> ids;
  std::vector<int64_t> paddings;
  int64_t rows = 0, width = 0;
};

Fields checked_fields(const char* op, std::span<const Lookup> lookups) {
  CTR_CHECK(!lookups.empty(), "{}: at least one field is needed", op);
  Fields result;
  for (const Lookup& lookup : lookups) {
    check_table(op, lookup.table);
    CTR_CHECK(lookup.table.dim(1) == lookups[0].table.dim(1) &&
                  lookup.table.dtype() == lookups[0].table.dtype(),
              "{}: tables must have one width, got {} and {}", op, lookups[0].table.shape(),
              lookup.table.shape());
    CTR_CHECK(lookup.ids.rank() == 1 && lookup.ids.count() == lookups[0].ids.count(),
              "{}: each field needs one id per row, got {} and {}", op, lookups[0].ids.shape(),
              lookup.ids.shape());
    check_ids(op, lookup.ids, lookup.table.dim(0), lookup.padding);
    result.tables.push_back(lookup.table);
    result.ids.push_back(lookup.ids);
    result.paddings.push_back(lookup.padding);
  }
  result.rows = result.ids[0].count();
  result.width = result.tables[0].dim(1);
  return result;
}

}  // namespace

void check_ids(const char* op, const Tensor& ids, int64_t rows, int64_t padding) {
  const int64_t* data = ids.data<int64_t>();
  bool inside = true;
  for (int64_t i = 0; i < ids.count(); ++i) {
    inside &= static_cast<uint64_t>(data[i]) < static_cast<uint64_t>(rows);
  }
  if (inside) [[likely]]
    return;
  for (int64_t at = 0; at < ids.count(); ++at) {
    CTR_CHECK_DATA(
        (data[at] >= 0 && data[at] < rows) || (data[at] == padding && padding != kNoPadding),
        "{}: id {} at position {} is outside the table's rows [0, {})", op, data[at], at, rows);
  }
}

Var gather(const Var& table, const Tensor& ids, int64_t padding) {
  check_table("gather", table);
  check_ids("gather", ids, table.dim(0), padding);
  CTR_CHECK(ids.rank() <= 3, "gather: ids must have at most 3 axes, got {}", ids.shape());
  const int64_t width = table.dim(1);
  Lookup lookup{table, ids.reshaped({ids.count()}), padding};
  Tensor y = gather_all(std::span<const Lookup>(&lookup, 1), ids.count(), width);
  int64_t dims[Shape::kMaxRank] = {};
  for (int axis = 0; axis < ids.rank(); ++axis) dims[axis] = ids.dim(axis);
  dims[ids.rank()] = width;
  const Shape shape(std::span<const int64_t>(dims, static_cast<size_t>(ids.rank()) + 1));
  return record("gather", y.reshaped(shape), {table},
                [ids = lookup.ids, width, padding](const Tensor& dy, GradientSink& sink) {
                  sink.put_rows(0, {ids, dy, width, 0}, padding);
                });
}

Var gather_fields(std::span<const Lookup> lookups) {
  const Fields fields = checked_fields("gather_fields", lookups);
  Tensor y = gather_all(lookups, fields.rows, fields.width);
  return record(
      "gather_fields", y, fields.tables,
      [ids = fields.ids, paddings = fields.paddings, width = fields.width](const Tensor& dy,
                                                                           GradientSink& sink) {
        const auto count = static_cast<int64_t>(ids.size());
        for (int64_t f = 0; f < count; ++f) {
          auto i = static_cast<size_t>(f);
          sink.put_rows(static_cast<int>(f), {ids[i], dy, count * width, f * width}, paddings[i]);
        }
      },
      {false, std::vector<int64_t>(fields.ids.size(), fields.width)});
}

Var gather_sum(std::span<const Lookup> lookups) {
  const Fields fields = checked_fields("gather_sum", lookups);
  const DType dtype = fields.tables[0].dtype();
  catch_up(lookups);
  Tensor y = Tensor::zeros({fields.rows, fields.width}, dtype);
  visit_float(dtype, "gather_sum", [&](auto zero) {
    using T = decltype(zero);
    for_tables<T>(lookups, fields.width, [&](const FieldTables<T>& tables, int64_t) {
      const int64_t tile = y.device() == Device::cpu ? 64 : 1;
      for_each(y.device(), (fields.rows + tile - 1) / tile,
               GatherSum<T>{tables, y.data<T>(), fields.rows, tile});
    });
  });
  return record("gather_sum", y, fields.tables,
                [ids = fields.ids, paddings = fields.paddings, width = fields.width](
                    const Tensor& dy, GradientSink& sink) {
                  for (size_t f = 0; f < ids.size(); ++f)  // all fields share dy
                    sink.put_rows(static_cast<int>(f), {ids[f], dy, width, 0}, paddings[f]);
                });
}

namespace {
int64_t padding_of(const OpArguments& a) { return static_cast<int64_t>(a.number("padding", -1)); }
Tensor ids_of(const Shape& shape, std::vector<int64_t> values) {
  return Tensor::from(shape, values);
}
}  // namespace

OpInfo op_gather() {
  return {
      .name = "gather",
      .formula = "y[i] = table[ids[i]]",
      .inputs = {"table"},
      .constants = {"ids"},
      .attributes = {"padding"},
      .call =
          [](const OpArguments& a) {
            return std::vector<Var>{gather(a.inputs[0], a.constants[0], padding_of(a))};
          },
      .cases =
          {{"repeated ids", {{6, 3}}, {ids_of({5}, {1, 4, 1, 5, 1})}},
           {"two axes", {{4, 2}}, {ids_of({2, 3}, {0, 1, 3, 3, 2, 0})}},
           {"padding row", {{4, 2}}, {ids_of({4}, {0, 1, 0, 3})}, {{"padding", "0"}}},
           {"padding beyond the rows", {{4, 2}}, {ids_of({4}, {4, 1, 4, 3})}, {{"padding", "4"}}},
           {"empty", {{4, 2}}, {ids_of({0}, {})}}},
      .refused =
          {{"id too large",
            {{4, 2}},
            {ids_of({2}, {1, 4})},
            {},
            "gather: id 4 at position 1 is outside"},
           {"id too large beside padding beyond the rows",
            {{4, 2}},
            {ids_of({3}, {4, 1, 5})},
            {{"padding", "4"}},
            "gather: id 5 at position 2 is outside"},
           {"negative id",
            {{4, 2}},
            {ids_of({1}, {-1})},
            {},
            "gather: id -1 at position 0 is outside"},
           {"table rank", {{4}}, {ids_of({1}, {0})}, {}, "gather: a table must be [rows, width]"}},
      .golden = {{"embedding", {}, {{"padding_idx", "padding"}}}}};
}

namespace {

std::vector<Lookup> lookups_of(const OpArguments& a) {
  std::vector<Lookup> lookups;
  for (size_t f = 0; f < a.inputs.size(); ++f)
    lookups.push_back({a.inputs[f], a.constants.at(f), padding_of(a)});
  return lookups;
}

OpInfo fields_op(const std::string& name, const char* formula, Var (*op)(std::span<const Lookup>)) {
  return {
      .name = name,
      .formula = formula,
      .inputs = {"tables..."},
      .constants = {"ids..."},
      .attributes = {"padding"},
      .call = [op](const OpArguments& a) { return std::vector<Var>{op(lookups_of(a))}; },
      .cases =
          {{"two fields", {{3, 2}, {5, 2}}, {ids_of({4}, {0, 2, 2, 1}), ids_of({4}, {4, 4, 0, 3})}},
           {"padding row", {{3, 2}}, {ids_of({3}, {0, 2, 0})}, {{"padding", "0"}}},
           {"width one", {{3, 1}, {5, 1}}, {ids_of({4}, {0, 2, 2, 1}), ids_of({4}, {4, 4, 0, 3})}},
           {"empty", {{3, 2}, {5, 2}}, {ids_of({0}, {}), ids_of({0}, {})}}},
      .refused = {{"widths",
                   {{3, 2}, {5, 3}},
                   {ids_of({1}, {0}), ids_of({1}, {0})},
                   {},
                   name + ": tables must have one width, got [3,2] and [5,3]"},
                  {"rows",
                   {{3, 2}, {5, 2}},
                   {ids_of({1}, {0}), ids_of({2}, {0, 0})},
                   {},
                   name + ": each field needs one id per row"}}};
}

}  // namespace

OpInfo op_gather_fields() {
  return fields_op("gather_fields", "y[b, f] = table_f[ids_f[b]]", gather_fields);
}
OpInfo op_gather_sum() {
  return fields_op("gather_sum", "y[b] = sum_f table_f[ids_f[b]]", gather_sum);
}

}  // namespace ctr
