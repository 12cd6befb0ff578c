#include "tools/golden/peer_parameters.h"

#include <optional>
#include <regex>
#include <set>
#include <utility>

namespace ctr {
namespace {

using Rule = std::pair<std::string, std::string>;

// A name by the first rule whose expression matches all of it.
std::optional<std::string> by_rules(const std::string& name, const std::vector<Rule>& rules) {
  for (const auto& [pattern, ours] : rules) {
    const std::regex whole(pattern);
    if (std::regex_match(name, whole)) return std::regex_replace(name, whole, ours);
  }
  return std::nullopt;
}

const std::vector<Rule>& field_rules() {
  static const std::vector<Rule> rules = {
      {R"((?:fm\.)?lr_layer\.embedding_layer\..*embedding_layers\.(\w+)\.weight)", "linear/$1"},
      {R"((?:fm\.)?lr_layer\.bias)", "linear/bias"},
      {R"(embedding_layer\.(?:embedding_layer\.)?embedding_layers\.(\w+)\.weight)", "embedding/$1"},
      {R"(condition_emb_layer\.embedding_layer\.embedding_layers\.(\w+)\.weight)",
       "condition/embedding/$1"},
  };
  return rules;
}

// Where an MLP of the peer goes.
struct Place {
  std::string hidden, head;
};

std::optional<Place> place_of(const std::string& prefix, const PeerNames& peer) {
  std::vector<PeerMlp> all = peer.mlps;
  all.push_back({"mlp|dnn", "mlp", "head"});
  for (const PeerMlp& mlp : all) {
    const std::regex whole(mlp.prefix);
    if (!std::regex_match(prefix, whole)) continue;
    return Place{std::regex_replace(prefix, whole, mlp.hidden),
                 std::regex_replace(prefix, whole, mlp.head)};
  }
  return std::nullopt;
}

// One parameter of a module `<prefix>.mlp.<n>`.
struct ModulePart {
  int n;
  std::string leaf;  // weight, bias, alpha
  std::string name;  // the whole
  size_t rank;
};

// The parameters of one MLP, by module.
void name_mlp(const std::vector<ModulePart>& parts, const Place& place,
              std::map<std::string, std::string>& result) {
  std::map<int, std::map<std::string, const ModulePart*>> modules;
  for (const ModulePart& part : parts) modules[part.n][part.leaf] = &part;
  int layers = 0, layer = -1;
  for (const auto& [n, leaves] : modules)
    layers += leaves.contains("weight") && leaves.at("weight")->rank == 2;
  for (const auto& [n, leaves] : modules) {
    const bool matrix = leaves.contains("weight") && leaves.at("weight")->rank == 2;
    layer += matrix;
    const bool is_head = layer + 1 == layers && !place.head.empty();
    const std::string own = is_head ? place.head : place.hidden + "/" + std::to_string(layer);
    for (const auto& [leaf, part] : leaves) {
      if (matrix) {
        result[part->name] = own + "/" + leaf;
      } else if (leaf == "alpha" || !leaves.contains("bias")) {  // Dice, PReLU
        result[part->name] = own + "/alpha";
      } else {
        result[part->name] = own + "/bn/" + leaf;
      }
    }
  }
}

// APG's layers: U_l, U_r … and the generator's own MLP.
std::optional<std::string> generated_name(const std::string& name, const PeerNames& peer) {
  std::smatch match;
  if (!std::regex_match(name, match,
                        std::regex(R"((.*)\.dense_layers\.(linear_(\d+)|out_proj)\.(.*))")))
    return std::nullopt;
  const std::optional<Place> place = place_of(match[1].str(), peer);
  if (!place) return std::nullopt;
  std::string rest = match[4].str();
  if (!match[3].matched) return place->head + "/" + rest;
  std::smatch net;
  if (std::regex_match(rest, net, std::regex(R"(hypernet\.mlp\.(\d+)\.(weight|bias))")))
    rest = "hyper/" + std::to_string(std::stoi(net[1].str()) / 2) + "/" + net[2].str();
  if (rest[0] == 'U' || rest[0] == 'V') rest[0] = rest[0] == 'U' ? 'u' : 'v';
  return place->hidden + "/" + std::to_string(std::stoi(match[3].str()) - 1) + "/" + rest;
}

}  // namespace

std::map<std::string, std::string> our_names(const PeerNames& peer, const PeerShapes& shapes) {
  std::map<std::string, std::string> result;
  std::map<std::string, std::vector<ModulePart>> mlps;  // by prefix
  const std::regex module(R"((.*)\.mlp\.(\d+)\.(\w+))");
  for (const auto& [name, shape] : shapes) {
    std::smatch match;
    if (const auto own = by_rules(name, peer.parameters)) {
      result[name] = *own;
    } else if (const auto field = by_rules(name, field_rules())) {
      result[name] = *field;
    } else if (const auto generated = generated_name(name, peer)) {
      result[name] = *generated;
    } else if (std::regex_match(name, match, module) && place_of(match[1].str(), peer)) {
      mlps[match[1].str()].push_back(
          {std::stoi(match[2].str()), match[3].str(), name, shape.size()});
    } else {
      result[name] = name;
    }
  }
  for (const auto& [prefix, parts] : mlps) name_mlp(parts, *place_of(prefix, peer), result);
  return result;
}

}  // namespace ctr
