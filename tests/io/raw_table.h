#pragma once
// What a converter makes of raw files, read into memory for tests.

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/file.h"
#include "io/prepare/prepare.h"

namespace ctr {

// A directory that goes with the test.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(testing::TempDir() + "/ctr_" + name + "_" + std::to_string(getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    write_text_atomically(path_ + "/" + name, text);
  }

 private:
  std::string path_;
};

struct RawRow {
  std::string user, item, domain, label;
  Split split;
  std::vector<std::string> extras;
};

struct RawTable {
  Schema schema;
  std::vector<std::string> columns;
  std::vector<RawRow> rows;
  int64_t bad_lines = 0;

  int64_t count(const std::function<bool(const RawRow&)>& keep) const {
    int64_t sum = 0;
    for (const RawRow& row : rows) sum += keep(row) ? 1 : 0;
    return sum;
  }
  int64_t distinct(const std::function<std::string(const RawRow&)>& key) const {
    std::set<std::string> keys;
    for (const RawRow& row : rows) keys.insert(key(row));
    return std::ssize(keys);
  }
  // A line for each row: user, item, domain, label, split, extras.
  std::string text() const {
    std::string lines;
    for (const RawRow& row : rows) {
      lines += fmt::format("{} {} {} {} {}", row.user, row.item, row.domain, row.label,
                           kSplitNames[static_cast<size_t>(row.split)]);
      for (const std::string& extra : row.extras) lines += " " + extra;
      lines += '\n';
    }
    return lines;
  }
};

using Options = std::vector<std::pair<std::string, std::string>>;

inline RawTable read_raw(const std::string& converter, const Options& options,
                         const std::vector<std::string>& inputs,
                         BadLinePolicy policy = BadLinePolicy::error) {
  const auto made = find_converter(converter).make();
  OptionList list = made->options();
  for (const auto& [name, value] : options) list.set(name, value, "test");
  PreparePlan plan = made->open(inputs);
  BadLines bad(policy);
  RawTable table{plan.schema, plan.source->columns(), {}, 0};
  RawChunk chunk;
  while (plan.source->next(chunk, bad)) {
    for (size_t r = 0; r < static_cast<size_t>(chunk.rows); ++r) {
      auto cell = [&](size_t c) { return std::string(chunk.columns[c][r]); };
      RawRow row{cell(0), cell(1), cell(2), cell(3), chunk.split[r], {}};
      for (size_t c = 4; c < chunk.columns.size(); ++c) row.extras.push_back(cell(c));
      table.rows.push_back(std::move(row));
    }
  }
  table.bad_lines = bad.count();
  return table;
}

// The message of the error that `action` throws.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// A folder of real data, or empty where it is absent.
inline std::string real_data(const std::string& name) {
  const std::string folder = std::string(CTR_SOURCE_DIR) + "/../shared/data/" + name;
  return std::filesystem::exists(folder) ? folder : "";
}

}  // namespace ctr
