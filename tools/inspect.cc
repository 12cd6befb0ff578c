#include "tools/inspect.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <vector>

#include "engine/check.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "io/vocabulary.h"
#include "tools/run_directory.h"

namespace ctr {
namespace {

namespace fs = std::filesystem;

template <class... Args>
void add(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

std::string size_text(uint64_t bytes) {
  if (bytes < 10000) return fmt::format("{} B", bytes);
  const auto size = static_cast<double>(bytes);
  if (size < 1e7) return fmt::format("{:.1f} kB", size / 1e3);
  if (size < 1e10) return fmt::format("{:.1f} MB", size / 1e6);
  return fmt::format("{:.1f} GB", size / 1e9);
}

// Values of the first rows of a block, a line each.
void add_rows(std::string& text, const Schema& schema, const BlockFile& blocks, int64_t count) {
  if (count > 0 && blocks.rows() == 0) add(text, "rows      none\n");
  for (int64_t r = 0; r < std::min(count, blocks.rows()); ++r) {
    const BlockView& block = blocks.block(r / blocks.rows_per_block());
    const auto at = static_cast<size_t>(r % blocks.rows_per_block());
    add(text, "row {:<5}", r);
    for (size_t f = 0; f < schema.fields.size(); ++f) {
      const Field& field = schema.fields[f];
      const auto index = static_cast<int64_t>(f);
      if (field.type == FieldType::numeric) {
        add(text, " {}={}", field.name, block.numbers(index)[at]);
      } else if (!field.is_list()) {
        add(text, " {}={}", field.name, block.ids(index)[at]);
      } else {
        const auto begin = static_cast<size_t>(block.offsets(index)[at]);
        const auto end = static_cast<size_t>(block.offsets(index)[at + 1]);
        add(text, " {}=[{}]", field.name,
            fmt::join(block.ids(index).subspan(begin, end - begin), ","));
      }
    }
    for (size_t l = 0; l < schema.labels.size(); ++l)
      add(text, " {}={}", schema.labels[l], block.labels(static_cast<int64_t>(l))[at]);
    add(text, "\n");
  }
}

void verify_blocks(const BlockFile& blocks) {
  for (int64_t b = 0; b < blocks.blocks(); ++b) blocks.block(b);
}

void add_fields(std::string& text, const Dataset& data) {
  size_t width = 5;
  for (const Field& field : data.schema.fields) width = std::max(width, field.name.size());
  for (const Field& field : data.schema.fields) {
    add(text, "field     {:<{}} {:<11}", field.name, width, name_of(field.type));
    if (field.type != FieldType::numeric) add(text, " table of {}", field.vocabulary);
    if (field.role != FieldRole::none) add(text, ", role {}", name_of(field.role));
    if (field.padding) add(text, ", 0 is missing");
    if (field.unseen) add(text, ", {} is out of vocabulary", field.unseen_id());
    if (!field.vectors.empty()) add(text, ", given {}-d vectors", field.vector_width);
    if (!field.input) add(text, ", for metrics alone");
    add(text, "\n");
  }
}

// The first tokens of each vocabulary, the most frequent, with their counts in the training split.
void add_tokens(std::string& text, const Dataset& data, int64_t count) {
  for (const Field& field : data.schema.fields) {
    const std::string path = data.vocabulary_path(field);
    if (count == 0 || field.type == FieldType::numeric || !fs::exists(path)) continue;
    const Vocabulary vocabulary = Vocabulary::load(path, field.first_token());
    const int64_t first = vocabulary.first_token();
    const int64_t end = std::min(vocabulary.size(), first + count);
    add(text, "tokens    {}:", field.name);
    for (int64_t id = first; id < end; ++id) {
      add(text, "{} {} {}", id > first ? "," : "", vocabulary.token_of(id),
          vocabulary.count_of(id));
    }
    add(text, "{}\n", end == vocabulary.size() ? "" : ", …");
  }
}

void add_files(std::string& text, const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    add(text, "file      {:<28} {}\n", fs::relative(file, folder).string(),
        size_text(fs::file_size(file)));
  }
}

std::string inspect_dataset(const std::string& path, const InspectOptions& options) {
  const Dataset data = read_dataset(path);
  const Schema& schema = data.schema;
  std::string text;
  add(text, "{}: a prepared data set\nname      {}\n", path, schema.name);
  if (!data.origin.empty()) add(text, "origin    {}\n", data.origin);
  if (!data.note.empty()) add(text, "note      {}\n", data.note);
  add(text, "labels    {}\n", fmt::join(schema.labels, ", "));
  if (schema.domains > 1 || !schema.domain_names.empty()) {
    add(text, "domains   {}: {}\n", schema.domains, fmt::join(schema.domain_names, ", "));
  }
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    const BlockFile& blocks = *data.splits[s];
    add(text, "{:<9} {} rows in {} blocks\n", kSplitNames[s], blocks.rows(), blocks.blocks());
  }
  add_fields(text, data);
  add_tokens(text, data, options.tokens);
  for (const auto& [name, value] : data.facts) add(text, "fact      {} = {}\n", name, value);
  add_files(text, path);
  if (options.verify) {
    for (const auto& blocks : data.splits) verify_blocks(*blocks);
    add(text, "verified  all checksums fit\n");
  }
  add_rows(text, schema, data.blocks(options.split), options.rows);
  return text;
}

std::string inspect_blocks(const std::string& path, const InspectOptions& options) {
  const std::string folder = fs::absolute(path).parent_path().string();
  CTR_CHECK(fs::exists(folder + "/schema.json"),
            "inspect: '{}' is a block file, which is read with the schema.json beside it; there is "
            "none",
            path);
  const Schema schema = read_dataset_schema(folder);
  const BlockFile blocks(path, schema);
  std::string text;
  add(text, "{}: rows of the data set {}\nrows      {} in {} blocks of {}, {}\n", path, schema.name,
      blocks.rows(), blocks.blocks(), blocks.rows_per_block(), size_text(fs::file_size(path)));
  if (options.verify) {
    verify_blocks(blocks);
    add(text, "verified  all checksums fit\n");
  }
  add_rows(text, schema, blocks, options.rows);
  return text;
}

std::string inspect_tensors(const std::string& path, const InspectOptions& options) {
  const TensorFile file = read_safetensors(path);
  size_t width = 0;
  int64_t values = 0;
  for (const auto& [name, tensor] : file.tensors) {
    width = std::max(width, name.size());
    values += tensor.count();
  }
  std::string text;
  add(text, "{}: {} tensors, {} values, {}\n", path, file.tensors.size(), values,
      size_text(fs::file_size(path)));
  for (const auto& [key, value] : file.metadata) add(text, "metadata  {} = {}\n", key, value);
  for (const auto& [name, tensor] : file.tensors) {
    add(text, "tensor    {:<{}} {} {}, {}\n", name, width, tensor.dtype(), tensor.shape(),
        size_text(static_cast<uint64_t>(tensor.bytes())));
  }
  if (options.verify)
    add(text, "verified  the header fits the data, and the checksum where the file has one\n");
  return text;
}

std::string inspect_run(const std::string& path, const InspectOptions& options) {
  SavedRun saved = read_config(path);
  std::string text;
  add(text, "{}: a training run\nmodel     {}\ndata      {}\n", path, saved.train.model,
      saved.train.data);
  auto add_options = [&](const char* what, const OptionList& list) {
    for (const Option& option : list.all())
      add(text, "{:<9} {} = {}\n", what, option.name, OptionList::text_of(option));
  };
  add_options("train", saved.train.list());
  add_options("model", saved.model.list());
  add_files(text, path);
  const std::string weights = path + "/model.safetensors";
  if (fs::exists(weights)) {
    text += inspect_tensors(weights, options);
  } else {
    add(text, "weights   none: the run did not finish\n");
  }
  return text;
}

// The first bytes of a file.
std::string head(const std::string& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes().first(std::min<size_t>(file.bytes().size(), 16));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string inspect(const std::string& path, const InspectOptions& options) {
  if (fs::is_directory(path)) {
    if (fs::exists(path + "/schema.json")) return inspect_dataset(path, options);
    if (fs::exists(path + "/config.json")) return inspect_run(path, options);
    fail(ErrorKind::usage,
         "inspect: '{}' holds neither schema.json (a data set) nor config.json (a run)", path);
  }
  const std::string start = head(path);
  if (start.starts_with("CTRBLOCK")) return inspect_blocks(path, options);
  if (path.ends_with(".safetensors") || (start.size() > 8 && start[8] == '{'))
    return inspect_tensors(path, options);
  fail(ErrorKind::usage,
       "inspect: '{}' is no data set, run, block file or safetensors file; raw files are for "
       "`ctrengine prepare`",
       path);
}

std::string list_datasets(const std::string& folder) {
  std::vector<std::string> paths;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder))
      if (fs::exists(entry.path() / "schema.json")) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::string text;
  for (const std::string& path : paths) {
    try {
      const Dataset data = read_dataset(path);
      add(text, "{}\n  {} rows (train {}, valid {}, test {}), {} fields, {} domain{}\n", path,
          data.rows(Split::train) + data.rows(Split::valid) + data.rows(Split::test),
          data.rows(Split::train), data.rows(Split::valid), data.rows(Split::test),
          data.schema.fields.size(), data.schema.domains, data.schema.domains == 1 ? "" : "s");
      if (!data.origin.empty()) add(text, "  {}\n", data.origin);
    } catch (const Error& error) {
      add(text, "{}\n  cannot be opened: {}\n", path, error.what());
    }
  }
  return text;
}

}  // namespace ctr
