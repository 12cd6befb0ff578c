#include "io/checksum.h"

#include <new>

#include <xxhash.h>

#include "engine/check.h"
#include "io/file.h"

namespace ctr {

uint64_t checksum_of(const void* data, size_t bytes) { return XXH3_64bits(data, bytes); }

uint64_t file_checksum(const std::string& path) {
  const MappedFile file(path);
  return checksum_of(file.bytes().data(), file.bytes().size());
}

std::string checksum_text(uint64_t checksum) { return fmt::format("{:016x}", checksum); }

struct Checksum::State {
  State() : xxh(XXH3_createState()) {
    if (xxh == nullptr) throw std::bad_alloc();
    XXH3_64bits_reset(xxh);
  }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  XXH3_state_t* xxh;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {}
Checksum::~Checksum() = default;

void Checksum::update(const void* data, size_t bytes) {
  CTR_ASSERT(XXH3_64bits_update(state_->xxh, data, bytes) == XXH_OK);
}

uint64_t Checksum::value() const { return XXH3_64bits_digest(state_->xxh); }

}  // namespace ctr
