#pragma once
// What a `*_bodies.h` file needs. A body is a functor struct templated on the scalar type, with raw
// pointers and a CTR_HD call operator: the CPU launcher loops over it, the CUDA launcher runs it as
// a kernel. No lambdas, no fmt, no containers (nvcc must compile it too).
//
//   template <class T> struct TanhBackward {
//     static constexpr const char* kName = "tanh backward";
//     const T* y; const T* dy; T* dx;
//     CTR_HD void operator()(int64_t i) const { dx[i] = dy[i] * (T(1) - y[i] * y[i]); }
//   };
//   CTR_KERNEL(for_each, TanhBackward)
//
// CTR_KERNEL stands once beside each body. It is empty here; the generated kernel file of the
// family defines it as the explicit instantiation of the device launcher for float and double, so a
// forgotten line is a link error that names the functor.

#include <cstdint>

#include "engine/hd.h"

#ifndef CTR_KERNEL
#define CTR_KERNEL(launcher, body) static_assert(true)
#endif
