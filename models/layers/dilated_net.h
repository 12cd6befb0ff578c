#pragma once

#include <memory>
#include <vector>

#include "autograd/tape.h"
#include "models/layers/place_plan.h"
#include "models/options/next_item_options.h"
#include "models/options/peter_options.h"

namespace ctr {

// Where the parameters of a dilated network are made: scopes of one path, some of them frozen where
// the network stays as it was trained.
struct DilatedScopes {
  Scope backbone;  // convolutions, and norms but the last of each block
  Scope trained;   // the last norm of each block, and patches
  Scope last;      // of block b: the last so many convolutions, and their norms
  int64_t last_convolutions = 0;
};

// NextItNet's residual blocks (Yuan et al., WSDM 2019) on x [B, T, D], one per dilation d. Block b:
//   u = relu(ln1(conv1_d(x)))        block(x) = x + relu(ln2(conv2_2d(u)))
// Block a, with a bottleneck of D / 2:
//   block(x) = x + conv3(relu(ln3(conv2_d(relu(ln2(conv1(relu(ln1(x)))))))))
// conv1 and conv3 of one tap. Parameters `block/<i>/conv<j>/weight` ([out, in, taps]; [out, in] of
// one tap), `…/bias`, `block/<i>/ln<j>/gamma`, `…/beta`; convolutions begin as N(0, 0.02²) within
// two deviations.
//
// With patches (models/layers/patch.h) in block b, `block/<i>/mp1`, `mp2`, by their insertion:
//   serial2        conv1 → mp1(conv1), conv2 → mp2(conv2)
//   serial1        conv2 → mp2(conv2)
//   parallel2      conv1 → conv1 + mp1(x), conv2 → conv2 + mp2(u)
//   beside_block   block(x) + mp1(x)
class DilatedBlock {
 public:
  virtual ~DilatedBlock() = default;
  // At the last `places` of x, and those before them that it has for its own use.
  virtual Var operator()(const Var& x, int64_t places) const = 0;
  // How many places before one its result there depends on.
  virtual int64_t looks_back() const = 0;
  // Adds its steps at one place to a plan, x and the result as the plan numbers them.
  virtual int plan(PlacePlan& plan, int x) const = 0;
};

class DilatedNet {
 public:
  // `patches` may be null. Throws on patches in block a, or an odd width of it.
  DilatedNet(const DilatedScopes& scopes, int64_t width, const NextItNetOptions& options,
             const PeterOptions* patches = nullptr);
  // At the last `places` of x alone, which costs less: of a causal network what these do not see is
  // not computed. 0: at all.
  Var operator()(const Var& x, int64_t places = 0) const;

  // The steps at one place. Throws where the network is not causal.
  PlacePlan plan() const;
  // Of its parameters.
  DType dtype() const { return scope_.dtype(); }
  const Mode& mode() const { return scope_.mode(); }

 private:
  Scope scope_;
  int64_t width_;
  bool causal_;
  std::vector<std::unique_ptr<DilatedBlock>> blocks_;
};

}  // namespace ctr
