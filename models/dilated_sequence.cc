#include "models/dilated_sequence.h"

#include <algorithm>
#include <cstring>

#include "engine/check.h"
#include "ops/activation/activation.h"
#include "ops/gather/gather.h"
#include "ops/shaping/shaping.h"

namespace ctr {
namespace {

Tensor as_tensor(std::span<const int64_t> ids) {
  return Tensor::from<int64_t>({static_cast<int64_t>(ids.size())}, ids);
}

}  // namespace

DilatedSequence::DilatedSequence(const DilatedNet& net, const Parameter& table, int64_t users,
                                 Reading reading, const ItemScores& scores)
    : SequenceStream(scores), table_(table), stream_(net, users), reading_(std::move(reading)) {
  if (reading_.token) return;
  last_ = Tensor::zeros({users, stream_.width()}, net.dtype());
  begun_.assign(static_cast<size_t>(users), false);
}

void DilatedSequence::begin(std::span<const int64_t> users, int64_t pads) {
  stream_.check_users(users);
  CTR_CHECK(pads >= 0, "stream: a sequence cannot begin with {} places of id 0", pads);
  if (users.empty()) return;
  for (int64_t user : users) {
    stream_.forget(user);
    if (!reading_.token) begun_[static_cast<size_t>(user)] = false;
  }
  const int64_t first[] = {users[0]}, none[] = {0};
  for (int64_t p = 0; p < pads; ++p) push(first, none);
  if (pads == 0) return;
  for (int64_t user : users.subspan(1)) {
    stream_.copy(users[0], user);
    if (reading_.token) continue;
    Tensor own = last_.rows(user, user + 1);
    std::memcpy(own.raw(), last_.rows(users[0], users[0] + 1).raw(),
                static_cast<size_t>(own.bytes()));
    begun_[static_cast<size_t>(user)] = true;
  }
}

void DilatedSequence::push(std::span<const int64_t> users, std::span<const int64_t> items) {
  CTR_CHECK(users.size() == items.size(), "stream: {} items for {} users; each takes one",
            items.size(), users.size());
  const NoGradient off;
  const int64_t known = table_.value.dim(0);
  for (int64_t item : items)
    CTR_CHECK(item >= 0 && item < known, "stream: item {} is outside the {} items", item, known);
  const Tensor h = stream_.step(users, gather(table_, as_tensor(items)).value(),
                                DilatedStream::Keep::yes);  // [N, D]
  if (reading_.token) return;
  for (int64_t n = 0; n < h.dim(0); ++n) {
    const int64_t user = users[static_cast<size_t>(n)];
    const Tensor row = h.rows(n, n + 1);
    std::memcpy(last_.rows(user, user + 1).raw(), row.raw(), static_cast<size_t>(row.bytes()));
    begun_[static_cast<size_t>(user)] = true;
  }
}

Tensor DilatedSequence::vectors(std::span<const int64_t> users) {
  const NoGradient off;
  const auto count = static_cast<int64_t>(users.size());
  if (reading_.token) {
    const Var token = reading_.token(count);  // [N, 1, D]
    return stream_.step(users, token.value().reshaped({count, token.dim(2)}),
                        DilatedStream::Keep::no);
  }
  stream_.check_users(users);
  for (int64_t user : users)
    CTR_CHECK(begun_[static_cast<size_t>(user)],
              "stream: user {} has no item yet, and what follows is told at the last one", user);
  const Var h = gather(Var(last_), as_tensor(users));
  return reading_.relu ? relu(h).value() : h.value();
}

}  // namespace ctr
