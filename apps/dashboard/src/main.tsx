import { render } from 'preact';
import { Page } from './page';

const container = document.getElementById('page');
if (container) render(<Page />, container);
