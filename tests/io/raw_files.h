#pragma once
// Raw files in a folder of their own, and data sets made of them.

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "io/dataset.h"
#include "io/file.h"
#include "io/prepare/prepare.h"

namespace ctr {

class RawFiles : public testing::Test {
 protected:
  std::string folder = testing::TempDir() + "/raw-" + std::to_string(getpid());
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, std::string_view text) const {
    write_text_atomically(folder + "/" + name, text);
    return folder + "/" + name;
  }

  // What an error says, without the folder's name.
  std::string message(const std::function<void()>& f) const {
    try {
      f();
    } catch (const Error& error) {
      std::string text = error.what();
      for (size_t at = text.find(folder + "/"); at != std::string::npos;
           at = text.find(folder + "/"))
        text.erase(at, folder.size() + 1);
      return text;
    }
    return "accepted";
  }

  struct Prepared {
    Dataset data;
    PrepareReport report;
  };
  using Options = std::vector<std::pair<std::string, std::string>>;

  Prepared prepared(const std::string& converter, const std::vector<std::string>& inputs,
                    const Options& options, BadLines& bad) {
    auto made = find_converter(converter).make();
    OptionList list = made->options();
    for (const auto& [name, value] : options) list.set(name, value, converter);
    PreparePlan plan = made->open(inputs);
    const std::string target = folder + "/set" + std::to_string(sets_++);
    PrepareReport report = prepare(plan, target, bad);
    return {read_dataset(target), std::move(report)};
  }
  Prepared prepared(const std::string& converter, const std::vector<std::string>& inputs,
                    const Options& options = {}) {
    BadLines bad(BadLinePolicy::error);
    return prepared(converter, inputs, options, bad);
  }

  // Ids of a categorical field in a split that fits one block.
  static std::vector<int32_t> ids(const Dataset& data, const std::string& field,
                                  Split split = Split::train) {
    const auto span = data.blocks(split).block(0).ids(data.schema.index_of(field));
    return {span.begin(), span.end()};
  }
  static std::vector<float> numbers(const Dataset& data, const std::string& field,
                                    Split split = Split::train) {
    const auto span = data.blocks(split).block(0).numbers(data.schema.index_of(field));
    return {span.begin(), span.end()};
  }
  static std::vector<float> labels(const Dataset& data, Split split = Split::train) {
    const auto span = data.blocks(split).block(0).labels(0);
    return {span.begin(), span.end()};
  }

 private:
  int sets_ = 0;
};

}  // namespace ctr
