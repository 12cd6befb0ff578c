#include "engine/parallel.h"

#include <atomic>

namespace ctr {
namespace {

std::atomic<int> fine_grain_scopes{0};

}  // namespace

int64_t parallel_grain() { return fine_grain_scopes > 0 ? 1 : int64_t{1} << 15; }

FineGrainScope::FineGrainScope() { ++fine_grain_scopes; }
FineGrainScope::~FineGrainScope() { --fine_grain_scopes; }

}  // namespace ctr
