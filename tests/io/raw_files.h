#pragma once
// Raw files in a folder of their own, and data sets made of them.

#include "io/dataset.h"
#include "tests/io/raw_table.h"

namespace ctr {

struct Prepared {
  Dataset data;
  PrepareReport report;
};

// Runs a converter.
inline Prepared prepare_into(const std::string& target, const std::string& converter,
                             const std::vector<std::string>& inputs, const Options& options,
                             BadLines& bad) {
  const auto made = find_converter(converter).make();
  OptionList list = made->options();
  for (const auto& [name, value] : options) list.set(name, value, converter);
  PreparePlan plan = made->open(inputs);
  PrepareReport report = prepare(plan, target, bad);
  return {read_dataset(target), std::move(report)};
}

class RawFiles : public testing::Test {
 protected:
  const Folder directory{"raw"};
  const std::string folder = directory.path();

  std::string write(const std::string& name, std::string_view text) const {
    directory.write(name, std::string(text));
    return folder + "/" + name;
  }

  // What an error says, without the folder's name.
  std::string message(const std::function<void()>& f) const {
    std::string text = error_of(f);
    for (size_t at = 0; (at = text.find(folder + "/")) != std::string::npos;)
      text.erase(at, folder.size() + 1);
    return text;
  }

  Prepared prepared(const std::string& converter, const std::vector<std::string>& inputs,
                    const Options& options, BadLines& bad) {
    return prepare_into(folder + "/set" + std::to_string(sets_++), converter, inputs, options, bad);
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
