#pragma once
// Small data sets for tests, made row by row.

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "engine/rng.h"
#include "io/dataset.h"
#include "tests/message.h"

namespace ctr {

// Adds one row to `columns`, all fields and labels.
using RowMaker = std::function<void(Split split, int64_t row, Columns& columns)>;

class MadeData : public testing::Test {
 protected:
  std::string folder = testing::TempDir() + "/made-" + std::to_string(getpid());
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  // A directory `name` under the test's folder with this many rows in each split.
  Dataset make(const std::string& name, const Schema& schema, std::array<int64_t, 3> rows,
               const RowMaker& maker, const GivenVectors& vectors = {}) const {
    DatasetWriter writer(folder + "/" + name);
    writer.begin_rows(schema);
    for (size_t s = 0; s < rows.size(); ++s) {
      Columns columns = Columns::empty(schema);
      for (int64_t r = 0; r < rows[s]; ++r) {
        maker(static_cast<Split>(s), r, columns);
        ++columns.rows;
      }
      if (rows[s] > 0) writer.add(static_cast<Split>(s), columns);
    }
    writer.commit("made for a test", "", {}, vectors);
    return read_dataset(folder + "/" + name);
  }
};

}  // namespace ctr
