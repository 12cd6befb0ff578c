#include "tools/golden/tasks.h"

#include <map>
#include <regex>

#include <nlohmann/json.hpp>

#include "engine/check.h"
#include "io/json.h"

namespace ctr {
namespace {

const std::map<std::string, std::string> kModels = {{"SharedBottom", "sharedbottom"},
                                                    {"MMoE", "mmoe"},
                                                    {"CGC", "cgc"},
                                                    {"PLE", "ple"},
                                                    {"ESMM", "esmm"},
                                                    {"AttentionPoolingCGC", "pooledcgc"}};

void describe_shallow(const Json& shallow, const Schema& schema, OptionList& list) {
  for (const auto& [key, value] : shallow.items()) set_option(list, "shallow_" + key, value);
  const Json& fields = shallow.at("fields");
  CTR_CHECK_DATA(!fields.empty(), "golden: a shallow tower without fields");
  const int64_t position = schema.index_of(fields.at(0).get<std::string>());
  CTR_CHECK_DATA(schema.fields[static_cast<size_t>(position)].padding,
                 "golden: '{}', the first field of the shallow tower, must be for it only",
                 schema.fields[static_cast<size_t>(position)].name);
  list.set("shallow_drop", "0", "golden");
}

// "level/0/task/2/gate/…" of two tasks: the shared gate; one of the last level is of no use.
void name_shared_gates(Described& d) {
  const std::regex gate(R"(level/(\d+)/task/(\d+)/gate/(.*))");
  for (auto at = d.names.begin(); at != d.names.end();) {
    std::smatch match;
    const std::string ours = at->second;
    if (!std::regex_match(ours, match, gate) ||
        std::stoul(match[2].str()) != d.schema.labels.size()) {
      ++at;
    } else if (std::stol(match[1].str()) + 1 < d.options.task.ple_levels) {
      at->second = fmt::format("level/{}/shared/gate/{}", match[1].str(), match[3].str());
      ++at;
    } else {
      d.unused.push_back(at->first);
      at = d.names.erase(at);
    }
  }
}

}  // namespace

bool is_task_model(const std::string& model) { return kModels.contains(model); }

Described described_tasks(const GoldenFile& file) {
  Described d;
  d.model = kModels.at(file.text("model"));
  d.schema = schema_in(file);
  OptionList list = d.options.list();
  const Json options = json_in(file, "options");
  for (const auto& [key, value] : options.items()) {
    if (key == "tasks") {
      CTR_CHECK_DATA(value == Json(d.schema.labels), "golden: tasks {} of labels {}",
                     json_text(value), json_text(Json(d.schema.labels)));
    } else if (key == "domains") {
      d.schema.domains = value.get<int64_t>();
    } else if (key == "vector_dim") {
      set_option(list, "embedding_dim", value);
    } else if (key == "shallow_tower") {
      describe_shallow(value, d.schema, list);
    } else {
      set_option(list, key == "levels" ? "ple_levels" : key, value);
    }
  }
  if (file.has("pooled")) d.on_the_way = {"pooled"};
  const PeerShapes shapes = file.shapes("param/");
  for (const auto& [name, shape] : shapes) d.names[name] = name;
  name_experts(shapes, d);
  return d;
}

void name_experts(const PeerShapes& shapes, Described& d) {
  if (d.options.task.ple_dialect == "fuxictr") name_shared_gates(d);
  const std::regex expert(R"((.*expert)/(\d+)/(\d+/.*))");
  for (auto at = d.names.begin(); at != d.names.end();) {
    std::smatch match;
    const std::string ours = at->second;
    if (!std::regex_match(ours, match, expert)) {
      ++at;
      continue;
    }
    int64_t count = 1;
    for (int64_t length : shapes.at(at->first)) count *= length;
    d.parts[at->first] = slice_of(fmt::format("{}/{}", match[1].str(), match[3].str()),
                                  std::stol(match[2].str()), count);
    at = d.names.erase(at);
  }
}

}  // namespace ctr
