#pragma once
// A causal dilated network over sequences that grow: a new place costs one product for each
// convolution (WaveNet's generation by queues: Le Paine et al., 2016, arXiv 1611.09482).

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/allocator.h"
#include "engine/packed_factor.h"
#include "models/layers/dilated_net.h"

namespace ctr {

// What the convolutions of a network have seen of some users' sequences: of each convolution of K
// taps D apart and C channels a ring of the last (K − 1) D rows of its input, zeros where nothing
// was yet, which is what stands before a sequence's first place. On the CPU, in the precision of
// the network; about 120 D numbers a user for NextItNet's default. One thread at a time.
class DilatedStream {
 public:
  enum class Keep : bool { no, yes };

  // Sequences without a place. The network must outlive the stream. Throws where it is not causal.
  DilatedStream(const DilatedNet& net, int64_t users);

  // x [N, D], row n the next place of user users[n] → the network's row there, [N, D]. With
  // Keep::no the sequences stay as they were. Throws unless each user is one of the stream's and
  // stands once. A row's bits depend on its user's sequence alone.
  //
  // Weights are packed at the first step and again when Mode::weights_version has changed; rings
  // still hold what the weights of their time made, so begin anew where that matters.
  Tensor step(std::span<const int64_t> users, const Tensor& x, Keep keep);

  // Back to no place.
  void forget(int64_t user);
  // Makes `to`'s sequence that of `from`.
  void copy(int64_t from, int64_t to);
  int64_t users() const { return rings_.dim(0); }
  int64_t width() const { return plan_.out(); }
  void check_users(std::span<const int64_t> users);

 private:
  struct Weights {
    PackedFactor factor;  // of a product: [K C, out]
    Tensor scale, bias;   // γ and β of a norm; a product's bias
  };
  struct Rows;

  void refresh();
  template <class T>
  void run(const Rows& rows, const T* x, T* h, T* scratch);
  template <class T>
  void product(const Rows& rows, size_t number, const T* x, T* beside, T* y);

  const DilatedNet& net_;
  PlacePlan plan_;
  std::vector<int64_t> ring_;     // where a step's ring begins in a user's row
  int64_t beside_ = 0;            // most numbers that a convolution's taps see
  Tensor rings_;                  // [users, all rings]
  std::vector<int64_t> places_;   // that a user has had
  std::vector<Weights> weights_;  // of each step
  uint64_t version_ = 0;          // of the weights
  std::vector<bool> seen_;        // users, by check_users()
  std::shared_ptr<Allocator> memory_ = std::make_shared<Arena>();  // of what a step makes
};

}  // namespace ctr
