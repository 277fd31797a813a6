/* layer_answer.h - the outcome of a request for packages */
#ifndef RUNNER_LAYER_ANSWER_H
#define RUNNER_LAYER_ANSWER_H

enum layer_answer {
	LAYER_READY,   /* the layer is there */
	LAYER_PENDING, /* the answer comes later */
	LAYER_REFUSED, /* the job's fault: for example an unknown package, or one that is too large */
	LAYER_FAILED   /* a fault of the network or of cee: worth another try */
};
#endif
