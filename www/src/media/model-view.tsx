// A 3D model that turns by drag and by keyboard. It draws only when something changes.
import { useEffect, useId, useRef, useState } from 'react';
import {
  Box3,
  DirectionalLight,
  HemisphereLight,
  type Object3D,
  Mesh,
  PerspectiveCamera,
  Scene,
  Sphere,
  Vector3,
  WebGLRenderer,
} from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';

const TURN = Math.PI / 18;
const ZOOM = 1.15;
/** How far the camera goes up and down, short of the poles. */
const TILT_MAX = 1.4;
/** At first it turns by itself for so long, where motion is welcome. */
const SHOW_MS = 3_500;

interface View {
  around: number;
  tilt: number;
  /** In radii of the model. */
  far: number;
}

const BEGIN: View = { around: 0.6, tilt: 0.35, far: 3.2 };

/** What is drawn on a canvas, and how to let go of it. */
interface Stage {
  load: (address: string) => Promise<void>;
  turn: (by: Partial<View>) => void;
  reset: () => void;
  close: () => void;
}

/** Throws where the browser has no WebGL. */
function stageOn(canvas: HTMLCanvasElement): Stage {
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
  const scene = new Scene();
  const key = new DirectionalLight(0xffffff, 2.4);
  const back = new DirectionalLight(0xffffff, 0.7);
  key.position.set(2, 3, 4);
  back.position.set(-3, 1, -3);
  scene.add(new HemisphereLight(0xffffff, 0x8b8b99, 1.5), key, back);
  const camera = new PerspectiveCamera(38, 1, 0.01, 100);
  camera.add(key.target);
  let view = BEGIN;
  let radius = 1;
  let model: Object3D | null = null;
  let frame = 0;

  const draw = () => {
    frame = 0;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width === 0 || height === 0) return;
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    const far = view.far * radius * Math.max(1, 1 / camera.aspect);
    camera.position
      .set(
        Math.cos(view.tilt) * Math.sin(view.around),
        Math.sin(view.tilt),
        Math.cos(view.tilt) * Math.cos(view.around),
      )
      .multiplyScalar(far);
    camera.lookAt(0, 0, 0);
    // The light comes along, so that no side stays in the dark.
    key.position.copy(camera.position).add(new Vector3(far * 0.4, far * 0.6, 0));
    renderer.render(scene, camera);
  };
  const redraw = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  const sized = new ResizeObserver(redraw);
  sized.observe(canvas);
  return {
    async load(address) {
      const { scene: loaded } = await new GLTFLoader().loadAsync(address);
      const sphere = new Box3().setFromObject(loaded).getBoundingSphere(new Sphere());
      loaded.position.sub(sphere.center);
      radius = sphere.radius || 1;
      model = loaded;
      scene.add(loaded);
      draw();
    },
    turn({ around = 0, tilt = 0, far = 1 }) {
      view = {
        around: view.around + around,
        tilt: Math.max(-TILT_MAX, Math.min(TILT_MAX, view.tilt + tilt)),
        far: Math.max(1.6, Math.min(8, view.far * far)),
      };
      redraw();
    },
    reset() {
      view = BEGIN;
      redraw();
    },
    close() {
      cancelAnimationFrame(frame);
      sized.disconnect();
      model?.traverse((part) => {
        if (!(part instanceof Mesh)) return;
        const mesh = part as Mesh;
        mesh.geometry.dispose();
        for (const material of [mesh.material].flat()) material.dispose();
      });
      renderer.dispose();
      renderer.forceContextLoss();
    },
  };
}

type Status = 'loading' | 'ready' | 'failed' | 'unable';

const STATUS_WORDS: Partial<Record<Status, string>> = {
  failed: 'The model could not be loaded. Download it, or try again later.',
  unable: 'This browser cannot show 3D models. Download it to open it elsewhere.',
};

export function ModelView({ address, words }: { address: string; words: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(frame);
  return (
    <div className="model-view" ref={frame}>
      {isSeen && <Shown address={address} words={words} />}
    </div>
  );
}

/** Whether it is in view: a browser draws only a few canvases of this kind at a time. */
function useSeen(element: React.RefObject<HTMLElement | null>): boolean {
  const [isSeen, setIsSeen] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const seen = new IntersectionObserver(
      (entries) => {
        setIsSeen(entries.at(-1)?.isIntersecting ?? false);
      },
      { rootMargin: '100px' },
    );
    seen.observe(element.current);
    return () => {
      seen.disconnect();
    };
  }, [element]);
  return isSeen;
}

function Shown({ address, words }: { address: string; words: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<Stage | null>(null);
  const [status, setStatus] = useState<Status>('loading');
  const hintId = useId();
  const still = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (!canvas.current) return;
    let isOver = false;
    let own: Stage;
    try {
      own = stageOn(canvas.current);
    } catch {
      queueMicrotask(() => {
        setStatus('unable');
      });
      return;
    }
    stage.current = own;
    own.load(address).then(
      () => {
        if (isOver) return;
        setStatus('ready');
        still.current = showAround(own);
      },
      () => {
        if (!isOver) setStatus('failed');
      },
    );
    return () => {
      isOver = true;
      still.current();
      stage.current = null;
      own.close();
    };
  }, [address]);

  const turn = (by: Partial<View>) => {
    still.current();
    stage.current?.turn(by);
  };
  const fault = STATUS_WORDS[status];
  if (fault !== undefined) return <p className="muted">{fault}</p>;
  return (
    <>
      <canvas
        ref={canvas}
        className="model-canvas"
        data-status={status}
        // It has keys of its own, which a canvas without a role would not say.
        // eslint-disable-next-line jsx-a11y/no-interactive-element-to-noninteractive-role
        role="application"
        aria-roledescription="3D model"
        aria-label={words}
        aria-describedby={hintId}
        tabIndex={0}
        onKeyDown={(event) => {
          const by = KEYS[event.key];
          if (!by && event.key !== '0') return;
          event.preventDefault();
          if (by) turn(by);
          else stage.current?.reset();
        }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
          turn({ around: -event.movementX * 0.01, tilt: event.movementY * 0.01 });
        }}
      />
      <p className="model-hint" id={hintId}>
        Drag or use the arrow keys to turn it, + and − to come closer.
      </p>
    </>
  );
}

const KEYS: Partial<Record<string, Partial<View>>> = {
  ArrowLeft: { around: -TURN },
  ArrowRight: { around: TURN },
  ArrowUp: { tilt: TURN },
  ArrowDown: { tilt: -TURN },
  '+': { far: 1 / ZOOM },
  '=': { far: 1 / ZOOM },
  '-': { far: ZOOM },
};

/** Turns it for a moment, to show that it can be; what it returns ends that. */
function showAround(stage: Stage): () => void {
  if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) return () => undefined;
  const begun = performance.now();
  let last = begun;
  let frame = 0;
  const step = (now: number) => {
    const left = 1 - (now - begun) / SHOW_MS;
    if (left <= 0) return;
    stage.turn({ around: (now - last) * 0.0011 * left });
    last = now;
    frame = requestAnimationFrame(step);
  };
  frame = requestAnimationFrame(step);
  return () => {
    cancelAnimationFrame(frame);
  };
}
