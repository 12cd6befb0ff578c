#include "io/prepare/vector_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <unordered_map>

#include "engine/check.h"
#include "io/npy.h"
#include "io/prepare/lines.h"
#include "io/safetensors.h"

namespace ctr {
namespace {

// What a file says: rows, and their tokens unless they are in the order of ids.
struct Table {
  std::string path;
  Tensor rows;  // f32 [n, width]
  bool named = false;
  std::unordered_map<std::string, int64_t> row_of = {};

  int64_t count() const { return rows.dim(0); }
  int64_t width() const { return rows.dim(1); }
  void copy(int64_t row, std::span<float> out) const {
    std::copy_n(rows.data<float>() + row * width(), width(), out.begin());
  }
};

Tensor checked_rows(const std::string& path, const Tensor& matrix) {
  CTR_CHECK_DATA(matrix.rank() == 2 && matrix.dim(0) > 0 && matrix.dim(1) > 0 &&
                     (matrix.dtype() == DType::f32 || matrix.dtype() == DType::f64),
                 "{}: the vectors are {} {}, expected a matrix of f32 or f64: a row for each token",
                 path, matrix.dtype(), matrix.shape());
  const Tensor rows = matrix.cast(DType::f32);
  const std::span<const float> values = rows.span<float>();
  for (size_t i = 0; i < values.size(); ++i)
    CTR_CHECK_DATA(std::isfinite(values[i]),
                   "{}: row {}, column {} (from 0): expected a finite number of at most 3.4e38 in "
                   "size, found {}",
                   path, static_cast<int64_t>(i) / rows.dim(1),
                   static_cast<int64_t>(i) % rows.dim(1),
                   matrix.cast(DType::f64).data<double>()[i]);
  return rows;
}

void name_row(Table& table, std::string token, const std::string& where) {
  const auto [found, fresh] =
      table.row_of.emplace(std::move(token), static_cast<int64_t>(table.row_of.size()));
  CTR_CHECK_DATA(fresh, "{}: '{}' is named twice, first as row {} (from 0)", where, found->first,
                 found->second);
}

void check_names(const Table& table, const std::string& where) {
  CTR_CHECK_DATA(std::ssize(table.row_of) == table.count(),
                 "{}: names {} rows, {} has {}; name each row's token, in their order", where,
                 table.row_of.size(), table.path, table.count());
}

void name_by_ids(Table& table, const Tensor& ids) {
  const std::string where = table.path + ": ids";
  CTR_CHECK_DATA(ids.rank() == 1 && (ids.dtype() == DType::i64 || ids.dtype() == DType::i32),
                 "{} are {} {}, expected i32 or i64 [n]", where, ids.dtype(), ids.shape());
  for (int64_t i = 0; i < ids.count(); ++i)
    name_row(table,
             std::to_string(ids.dtype() == DType::i64 ? ids.data<int64_t>()[i]
                                                      : int64_t{ids.data<int32_t>()[i]}),
             where);
  check_names(table, where);
}

void name_by_lines(Table& table, const std::string& names) {
  for_each_line(names, "", [&](const Line& line) {
    const auto expected = static_cast<int64_t>(table.row_of.size()) + 1;
    CTR_CHECK_DATA(line.number == expected,
                   "{}:{}: expected a token, found an empty line; each line names a row", names,
                   expected);
    name_row(table, std::string(line.text), fmt::format("{}:{}", names, line.number));
  });
  check_names(table, names);
}

// The tensors of a safetensors file that matter here.
void read_tensors(Table& table, Tensor& matrix, Tensor& ids) {
  TensorFile file = read_safetensors(table.path);
  if (auto found = file.tensors.extract("ids"); !found.empty()) ids = found.mapped();
  if (file.tensors.contains("vectors")) {
    matrix = file.at("vectors");
    return;
  }
  CTR_CHECK_DATA(file.tensors.size() == 1,
                 "{}: which of its {} tensors holds the vectors? call it 'vectors'", table.path,
                 file.tensors.size());
  matrix = file.tensors.begin()->second;
}

Table read_table(const std::string& path) {
  Table table;
  table.path = path;
  const std::filesystem::path file(path);
  Tensor matrix, ids;
  if (file.extension() == ".safetensors") {
    read_tensors(table, matrix, ids);
  } else {
    CTR_CHECK(file.extension() == ".npy",
              "--vectors: '{}' ends in neither .npy nor .safetensors, which it must be", path);
    matrix = read_npy(path);
  }
  table.rows = checked_rows(path, matrix);
  const std::string names = std::filesystem::path(file).replace_extension(".txt").string();
  const bool lines = std::filesystem::exists(names);
  CTR_CHECK_DATA(!lines || !ids.defined(),
                 "{}: its rows are named by its tensor 'ids' and by {}; keep one of them", path,
                 names);
  if (ids.defined()) name_by_ids(table, ids);
  if (lines) name_by_lines(table, names);
  table.named = ids.defined() || lines;
  return table;
}

// The id of the first row of a file without names: of the table's, or of its tokens'.
int64_t first_id(const Table& table, const Field& field) {
  const int64_t tokens = field.vocabulary - field.first_token();
  CTR_CHECK_DATA(
      table.count() == field.vocabulary || table.count() == tokens,
      "{}: {} rows without names, but field '{}' has {} tokens and {} ids in all; name the rows' "
      "tokens ({}, a line each), or give one row for each in the order of ids",
      table.path, table.count(), field.name, tokens, field.vocabulary,
      std::filesystem::path(table.path).replace_extension(".txt").filename().string());
  return table.count() == field.vocabulary ? 0 : field.first_token();
}

}  // namespace

VectorSource read_vectors(const std::string& path) {
  const auto table = std::make_shared<const Table>(read_table(path));
  VectorSource source;
  source.width = table->width();
  source.rows = table->count();
  source.lookup = [table](const Field& field) -> VectorLookup {
    if (table->named) {
      return [table](std::string_view token, int64_t, std::span<float> out) {
        const auto found = table->row_of.find(std::string(token));
        if (found == table->row_of.end()) return false;
        table->copy(found->second, out);
        return true;
      };
    }
    return [table, first = first_id(*table, field)](std::string_view, int64_t id,
                                                    std::span<float> out) {
      table->copy(id - first, out);
      return true;
    };
  };
  return source;
}

void give_vectors(PreparePlan& plan, const NameList& texts) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    CTR_CHECK(equals != std::string::npos && equals > 0 && equals + 1 < text.size(),
              "--vectors takes FIELD=FILE, got '{}'", text);
    const auto index = static_cast<size_t>(plan.schema.index_of(text.substr(0, equals)));
    Field& field = plan.schema.fields[index];
    CTR_CHECK(field.shares.empty(),
              "--vectors: '{}' reads the table of '{}'; give the vectors to that one", field.name,
              field.shares);
    CTR_CHECK(field.type != FieldType::numeric && field.encoding.ids != IdRule::hash,
              "--vectors: '{}' is {}; vectors belong to tokens", field.name,
              field.type == FieldType::numeric ? "a number" : "hashed");
    CTR_CHECK(!plan.vectors.contains(field.name), "--vectors: '{}' has vectors already",
              field.name);
    VectorSource source = read_vectors(text.substr(equals + 1));
    field.vectors = field.name;
    field.vector_width = source.width;
    plan.vectors[field.name] = std::move(source);
  }
}

}  // namespace ctr
