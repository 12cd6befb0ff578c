#pragma once
// Models of several tasks in golden files.

#include <string>

#include "tools/golden/described.h"

namespace ctr {

// Whether `model` is one in files of our own: SharedBottom, MMoE, CGC, PLE, ESMM,
// AttentionPoolingCGC.
bool is_task_model(const std::string& model);
// Of such a file. Throws kind data on settings that it does not know.
Described described_tasks(const GoldenFile& file);

// After all names are ours but for experts one by one, `…/expert/<e>/<l>/…`: makes those parts of
// the stacked parameters `…/expert/<l>/…`. FuxiCTR's PLE counts the shared gate as one of a further
// task, and its last level has one that nothing reads.
void name_experts(const PeerShapes& shapes, Described& d);

}  // namespace ctr
