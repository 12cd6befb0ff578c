#include "tools/loaded_run.h"

#include <algorithm>
#include <filesystem>

#include "engine/check.h"
#include "engine/nearest.h"
#include "io/checksum.h"
#include "io/data_catalog.h"

namespace ctr {
namespace {

// 0 when there is no such file.
uint64_t checksum_at(const std::string& path) {
  return std::filesystem::exists(path) ? file_checksum(path) : 0;
}

void compare_fields(const Dataset& trained, const Field& a, const Dataset& other, const Field& b,
                    std::vector<std::string>& lines) {
  auto differ = [&](std::string_view what, const auto& was, const auto& is) {
    if (was != is)
      lines.push_back(fmt::format("field '{}': {} was {}, is {}", a.name, what, was, is));
  };
  differ("type", name_of(a.type), name_of(b.type));
  differ("role", name_of(a.role), name_of(b.role));
  differ("table size", a.vocabulary, b.vocabulary);
  differ("padding", a.padding, b.padding);
  differ("given vectors", a.vectors, b.vectors);
  differ("width of given vectors", a.vector_width, b.vector_width);
  if (a.encoding != b.encoding)
    lines.push_back(fmt::format("field '{}': raw values are encoded in another way", a.name));
  const uint64_t was = checksum_at(trained.vocabulary_path(a));
  const uint64_t is = checksum_at(other.vocabulary_path(b));
  if (was != is && was != 0 && is != 0)
    lines.push_back(fmt::format("field '{}': the vocabularies hold other tokens", a.name));
}

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields) names.push_back(field.name);
  return names;
}

}  // namespace

LoadedRun load_run(const std::string& path) {
  LoadedRun run;
  run.file = read_model_file(path);
  run.data = open_dataset(run.file.train.data);
  CTR_CHECK_DATA(run.data.schema == run.file.schema,
                 "{}: is no longer the data set that the run {} was trained on; prepare it as it "
                 "was, or train again",
                 run.data.path, path);
  run.built = run.file.build();
  return run;
}

std::vector<std::string> differences(const Dataset& trained, const Dataset& other) {
  const Schema &a = trained.schema, &b = other.schema;
  std::vector<std::string> lines;
  const std::vector<std::string> was = names_of(a), is = names_of(b);
  for (size_t i = 0; i < was.size(); ++i) {
    auto found = std::find(is.begin(), is.end(), was[i]);
    if (found == is.end()) {
      lines.push_back(fmt::format("field '{}' is missing{}", was[i], advice_on_name(was[i], is)));
    } else {
      const auto at = static_cast<size_t>(found - is.begin());
      compare_fields(trained, a.fields[i], other, b.fields[at], lines);
      if (at != i && was.size() == is.size())
        lines.push_back(fmt::format("field '{}' was number {}, is number {}", was[i], i, at));
    }
  }
  for (const std::string& name : is) {
    if (std::find(was.begin(), was.end(), name) == was.end())
      lines.push_back(fmt::format("field '{}' is new", name));
  }
  if (a.domains != b.domains)
    lines.push_back(fmt::format("{} domains were trained, {} are here", a.domains, b.domains));
  else if (a.domain_names != b.domain_names)
    lines.emplace_back("the domains have other names");
  if (a.labels != b.labels)
    lines.push_back(fmt::format("labels were {}, are {}", fmt::join(a.labels, ", "),
                                fmt::join(b.labels, ", ")));
  return lines;
}

Dataset open_for(const LoadedRun& run, const std::string& name) {
  if (name.empty()) return run.data;
  Dataset data = open_dataset(name);
  const std::vector<std::string> lines = differences(run.data, data);
  CTR_CHECK_DATA(lines.empty(),
                 "{}: does not fit the run {}, which was trained on {}:\n  {}\nprepare the rows "
                 "with the fields, encodings and vocabularies of the run's data",
                 data.path, run.file.path, run.data.path, fmt::join(lines, "\n  "));
  return data;
}

Split split_named(const std::string& name) {
  for (size_t s = 0; s < kSplitNames.size(); ++s) {
    if (name == kSplitNames[s]) return static_cast<Split>(s);
  }
  fail(ErrorKind::usage, "unknown split '{}'; known are: {}", name, fmt::join(kSplitNames, ", "));
}

}  // namespace ctr
