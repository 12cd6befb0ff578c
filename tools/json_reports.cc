// Reports as JSON for other programs. Numbers that are not defined (NaN) become null.

#include <cmath>

#include <nlohmann/json.hpp>

#include "io/json.h"
#include "tools/encoding_report.h"
#include "tools/evaluation.h"
#include "tools/lint/lint.h"

namespace ctr {
namespace {

Json to_json(const Estimate& estimate) {
  Json json = {{"value", estimate.value}};
  if (estimate.interval) {
    json["low"] = estimate.interval->low;
    json["high"] = estimate.interval->high;
    json["standard_error"] = estimate.interval->standard_error;
  }
  return json;
}

Json to_json(const Ranking& ranking) {
  Json json = Json::array();
  for (const RankingAt& at : ranking.at) {
    json.push_back({{"k", at.k},
                    {"clicks", ranking.clicks},
                    {"hit_rate", at.hit_rate},
                    {"mrr", at.mrr},
                    {"ndcg", at.ndcg}});
  }
  return json;
}

}  // namespace

std::string json_of(const Evaluation& e) {
  Json json = {{"run", e.run},
               {"data", e.data},
               {"split", e.split},
               {"rows", e.rows},
               {"clicks", e.clicks},
               {"auc", to_json(e.auc)},
               {"auc500", e.auc500},
               {"logloss", e.logloss},
               {"pcoc", e.pcoc},
               {"mean_auc", to_json(e.mean_auc)},
               {"wauc", to_json(e.wauc)},
               {"gauc", to_json(e.gauc)},
               {"gauc_plain", to_json(e.gauc_plain)},
               {"groups", e.groups},
               {"one_class_groups", e.one_class_groups},
               {"one_class_domains", e.one_class_domains}};
  if (!e.task.empty()) json["task"] = e.task;
  json["ranking"] = to_json(e.ranking);
  json["ranking_among_all"] = to_json(e.among_all);
  if (!e.among_all.at.empty()) json["ranking_samples"] = e.samples;
  if (!std::isnan(e.perplexity)) json["perplexity"] = e.perplexity;
  json["domains"] = Json::array();
  for (const Evaluation::Domain& d : e.domains) {
    json["domains"].push_back(
        {{"name", d.name}, {"rows", d.rows}, {"clicks", d.clicks}, {"auc", to_json(d.auc)}});
  }
  json["slices"] = Json::array();
  for (const Slice& s : e.slices) {
    json["slices"].push_back({{"field", s.field},
                              {"slice", name_of(s.frequency)},
                              {"ids", s.ids},
                              {"rows", s.rows},
                              {"clicks", s.clicks},
                              {"click_rate", s.click_rate},
                              {"auc", s.auc},
                              {"logloss", s.logloss},
                              {"pcoc", s.pcoc}});
  }
  return json_text(json, 2) + "\n";
}

std::string json_of(const LintReport& report) {
  Json json = {{"name", report.name},
               {"rows", report.rows},
               {"clicks", report.clicks},
               {"held_out", report.held_out},
               {"popularity_auc", report.popularity_auc}};
  json["findings"] = Json::array();
  for (const Finding& f : report.findings) {
    json["findings"].push_back({{"verdict", name_of(f.verdict)},
                                {"check", f.check},
                                {"subject", f.subject},
                                {"found", f.found},
                                {"advice", f.advice}});
  }
  json["fields"] = Json::array();
  for (const FieldFacts& f : report.fields) {
    json["fields"].push_back({{"name", f.name},
                              {"type", f.type},
                              {"table", f.table},
                              {"distinct", f.distinct},
                              {"once", f.once},
                              {"missing", f.missing},
                              {"unseen", f.unseen},
                              {"drift", f.drift},
                              {"alone_auc", f.alone_auc}});
  }
  json["domains"] = Json::array();
  for (const DomainFacts& d : report.domains) {
    json["domains"].push_back({{"name", d.name},
                               {"rows", d.rows},
                               {"clicks", d.clicks},
                               {"popularity_auc", d.popularity_auc}});
  }
  return json_text(json, 2) + "\n";
}

std::string json_of(const EncodingReport& report) {
  const EncodingOptions& o = report.options;
  Json json = {{"ids", o.ids},
               {"hash_rows", o.hash_rows},
               {"dhe_hashes", o.dhe_hashes},
               {"dhe_buckets", o.dhe_buckets},
               {"seed", o.seed},
               {"pairs", report.pairs},
               {"most_entropy", report.most_entropy}};
  json["encodings"] = Json::array();
  for (const EncodingProperties& e : report.encodings) {
    json["encodings"].push_back(
        {{"name", e.name},
         {"dimension", e.dimension},
         {"unique", e.unique},
         {"uniqueness", static_cast<double>(e.unique) / static_cast<double>(o.ids)},
         {"distance", e.distance},
         {"distance_spread", e.distance_spread},
         {"entropy", e.entropy}});
  }
  return json_text(json, 2) + "\n";
}

}  // namespace ctr
